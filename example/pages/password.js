import { SHORTEST_PASSWORD } from '../accounts/credentials.js';
import { textField } from './field.js';
import { html } from './html.js';
import { form, page } from './layout.js';

/** @import { Visitor } from '../visitor.js' */

/**
 * @typedef {object} PasswordForm
 * @property {Visitor} visitor
 * @property {string} [error]
 */

/** @param {PasswordForm} view */
export function confirmPage({ visitor, error }) {
  return passwordForm({
    title: 'Is it you?',
    lede: 'Give your password once more. It is asked before it can be changed.',
    action: '/confirm',
    button: 'Continue',
    visitor,
    field: { name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', error },
  });
}

/** @param {PasswordForm} view */
export function passwordPage({ visitor, error }) {
  return passwordForm({
    title: 'New password',
    lede: 'It signs out all your other devices.',
    action: '/password',
    button: 'Change password',
    visitor,
    field: {
      name: 'password',
      label: 'New password',
      type: 'password',
      autocomplete: 'new-password',
      hint: `At least ${SHORTEST_PASSWORD} characters. Spaces count.`,
      error,
    },
  });
}

/**
 * @param {object} view
 * @param {string} view.title
 * @param {string} view.lede
 * @param {string} view.action
 * @param {string} view.button
 * @param {Visitor} view.visitor
 * @param {import('./field.js').Field} view.field
 */
function passwordForm({ title, lede, action, button, visitor, field }) {
  // A password manager wants to know whose password it is.
  const fields = html`
          <input name="username" autocomplete="username" value="${visitor.name}" hidden readonly>
          ${textField(field)}
          <div class="buttons"><button class="main">${button}</button> <a class="button" href="/devices">Cancel</a></div>`;
  return page({
    title: field.error ? `Error: ${title}` : title,
    visitor,
    content: html`
      <div class="narrow">
        <h1>${title}</h1>
        <p>${lede}</p>
        <section class="form">
        ${form(visitor, action, fields)}
        </section>
      </div>`,
  });
}
