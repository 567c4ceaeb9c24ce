import { html } from './html.js';

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {string} autocomplete  What the browser is to fill in, or a password manager.
 * @property {'text' | 'password'} [type]
 * @property {string | undefined} [value]
 * @property {string | undefined} [hint]
 * @property {string | undefined} [error]
 * @property {string | undefined} [formError]  The id of the form's error, where it is this field's too.
 */

/**
 * A labelled input. Its hint and its error are read out with it, and one that is wrong gets the focus.
 *
 * @param {Field} field
 */
export function textField({ name, label, autocomplete, type = 'text', value, hint, error, formError }) {
  const describedBy = [hint && `${name}-hint`, error && `${name}-error`, formError].filter(Boolean).join(' ');
  return html`
          <p class="field">
            <label for="${name}">${label}</label>
            ${hint && html`<span class="hint" id="${name}-hint">${hint}</span>`}
            ${error && html`<span class="error" id="${name}-error">${error}</span>`}
            <input id="${name}" name="${name}" type="${type}" value="${value}" autocomplete="${autocomplete}"
              autocapitalize="none" spellcheck="false" required${
                describedBy && html` aria-describedby="${describedBy}"`
              }${(error || formError) && html` aria-invalid="true"`}${error && html` autofocus`}>
          </p>`;
}
