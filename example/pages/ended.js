import { instant } from './format.js';
import { html } from './html.js';
import { page } from './layout.js';

/**
 * Says why a session is over. It uses no session, and makes none.
 *
 * @param {object} ending
 * @param {string} ending.title
 * @param {string} ending.text
 * @param {string} ending.reason  As `ctx.sessionInfo.ended` tells it.
 * @param {number | undefined} ending.at  Epoch ms.
 */
export function endedPage({ title, text, reason, at }) {
  return page({
    title,
    content: html`
      <div class="narrow">
        <p class="lede">This session is over</p>
        <h1>${title}</h1>
        <p>${text}</p>
        <p class="buttons"><a class="button main" href="/sign-in">Sign in again</a> <a class="button" href="/start">Start a new session</a></p>
        <p class="quiet">The app was told by <code>ctx.sessionInfo.ended</code>: <code>${reason}</code>${at && html`, ${instant(at)}`}.</p>
      </div>`,
  });
}
