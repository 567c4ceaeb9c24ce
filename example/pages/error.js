import { html } from './html.js';
import { page } from './layout.js';

/** @type {Map<number, string>} */
const TITLES = new Map([
  [403, 'Refused'],
  [404, 'Not found'],
  [413, 'Too long'],
]);

/**
 * @param {number} status
 * @param {string} message
 */
export function errorPage(status, message) {
  const title = TITLES.get(status) ?? 'That did not work';
  return page({
    title,
    content: html`
      <div class="narrow">
        <p class="lede">Error ${status}</p>
        <h1>${title}</h1>
        <p>${message}</p>
        <p><a class="button" href="/">Back to the session</a></p>
      </div>`,
  });
}
