import { SHORTEST_PASSWORD } from '../accounts/credentials.js';
import { textField } from './field.js';
import { html } from './html.js';
import { form, noticeLine, page } from './layout.js';

/** @import { Visitor } from '../visitor.js' */

/**
 * What is wrong: with the form as a whole, or with one of its fields.
 *
 * @typedef {{ form?: string, name?: string | undefined, password?: string | undefined }} Errors
 */

/**
 * @typedef {object} SignIn
 * @property {Visitor} visitor
 * @property {string | undefined} [notice]
 * @property {string} [name]  As it was typed before.
 * @property {Errors} [errors]
 */

/** @param {SignIn} view */
export function signInPage(view) {
  return accountPage(view, {
    title: 'Sign in',
    autocomplete: 'current-password',
    other: html`No account yet? <a href="/sign-up">Sign up</a>`,
  });
}

/** @param {SignIn} view */
export function signUpPage(view) {
  return accountPage(view, {
    title: 'Sign up',
    autocomplete: 'new-password',
    hint: `At least ${SHORTEST_PASSWORD} characters. Spaces count.`,
    other: html`You have an account? <a href="/sign-in">Sign in</a>`,
  });
}

/**
 * @param {SignIn} view
 * @param {object} kind
 * @param {string} kind.title
 * @param {string} kind.autocomplete
 * @param {string} [kind.hint]
 * @param {unknown} kind.other
 */
function accountPage({ visitor, notice, name, errors }, { title, autocomplete, hint, other }) {
  const formError = errors?.form && 'form-error';
  const fields = html`
          ${errors?.form && html`<p class="error" id="form-error" role="alert">${errors.form}</p>`}
          ${textField({ name: 'name', label: 'Name', autocomplete: 'username', value: name, error: errors?.name, formError })}
          ${textField({ name: 'password', label: 'Password', type: 'password', autocomplete, hint, error: errors?.password, formError })}
          <button class="main">${title}</button>`;
  return page({
    title: errors ? `Error: ${title}` : title,
    visitor,
    content: html`
      <div class="narrow">
        <h1>${title}</h1>
        ${noticeLine(notice)}
        <section class="form">
        ${form(visitor, visitor.path, fields)}
        </section>
        <p>${other}</p>
      </div>`,
  });
}
