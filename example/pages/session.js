import { SESSION } from '../session-options.js';
import { count, duration, instant, plural } from './format.js';
import { html } from './html.js';
import { button, card, form, noticeLine, page, row } from './layout.js';

/** @import { SessionData } from 'sojourn' */
/** @import { Visitor } from '../visitor.js' */

/** What browsers keep of one cookie, its name and its value together, in bytes. */
const COOKIE_LIMIT = 4096;

/**
 * What the page shows.
 *
 * @typedef {object} View
 * @property {Visitor} visitor
 * @property {string | undefined} notice  What the last button did.
 * @property {SessionData} data  What the session holds.
 * @property {number | 'session'} maxAge  The lifetime in ms, or until the browser closes.
 * @property {number | undefined} expiresAt  Epoch ms; undefined for a session that ends with the browser.
 * @property {number | undefined} createdAt  Epoch ms.
 * @property {string | undefined} handle  The session's public name.
 * @property {string} fingerprint  Tells one key from another without telling the key.
 * @property {number} cookieSize  Bytes of the cookie that the browser holds.
 * @property {number} sizeAsCookie  Bytes of the cookie that would hold the data themselves.
 */

/** @param {View} view */
export function sessionPage(view) {
  const { data, visitor, notice } = view;
  const title = plural(data.views ?? 0, 'view');
  return page({
    title,
    visitor,
    content: html`
      <p class="lede">This browser’s session has seen</p>
      <h1>${title}</h1>
      ${noticeLine(notice)}
      ${dataCard(view)} ${actionsCard(view)} ${lifetimeCard(view)} ${sizeCard(view)}`,
  });
}

export function loggedOutPage() {
  return page({
    title: 'Logged out',
    content: html`
      <div class="narrow">
        <p class="lede">The session has ended, and its cookie is gone</p>
        <h1>Logged out</h1>
        <p>This page uses no session, so none was made. The counter starts anew with the next view.</p>
        <p class="buttons"><a class="button main" href="/sign-in">Sign in</a> <a class="button" href="/start">Start a new session</a></p>
      </div>`,
  });
}

/** @param {View} view */
function dataCard({ data }) {
  const { token, ...rest } = data;
  const rows = Object.entries(rest).map(([name, value]) => row(name, html`<code>${shortened(value)}</code>`));
  return card(
    'holds',
    'What it holds',
    html`
        <dl>
          ${rows}
          ${token && row('token', 'hidden in each form of these pages')}
        </dl>`,
  );
}

/** @param {View} view */
function actionsCard({ visitor, data, maxAge }) {
  return card(
    'actions',
    'What you can do',
    html`
        ${form(
          visitor,
          '/note',
          html`<div class="line">
            <label for="note">A note to keep</label>
            <input id="note" name="note" maxlength="200" autocomplete="off" required>
            <button>Keep</button>
          </div>`,
        )}
        <div class="buttons">
          ${'filler' in data ? button(visitor, '/empty', 'Drop the 4 KB') : button(visitor, '/fill', 'Add 4 KB of data')}
          ${button(visitor, '/regenerate', 'Regenerate key')}
          ${
            maxAge === 'session'
              ? button(visitor, '/keep-for-a-day', 'Last a day')
              : button(visitor, '/end-with-browser', 'End with browser')
          }
          ${button(visitor, '/log-out', 'Log out')}
        </div>`,
  );
}

/** @param {View} view */
function lifetimeCard({ maxAge, expiresAt, createdAt, handle, fingerprint }) {
  return card(
    'lifetime',
    'How long it lives',
    html`
        <dl>
          ${row('Lifetime', maxAge === 'session' ? 'until the browser closes' : duration(maxAge))}
          ${expiresAt && row('Ends, if unused', instant(expiresAt))}
          ${createdAt && row('Ends in any case', instant(createdAt + SESSION.absoluteTimeout))}
          ${handle && row('Handle', html`<code>${handle}</code>`)}
          ${row('Key, hashed', html`<code>${fingerprint}</code>`)}
        </dl>
        <p>Left alone, it ends after ${duration(SESSION.idleTimeout)}. A new key leaves the handle and the data as they are.
        Restart the server: the session stays.</p>`,
  );
}

/** @param {View} view */
function sizeCard({ cookieSize, sizeAsCookie }) {
  const excess = sizeAsCookie - COOKIE_LIMIT;
  return card(
    'size',
    'How big its cookie is',
    html`
        ${meter('Cookie with the key', cookieSize)}
        ${meter('Cookie with the data', sizeAsCookie)}
        <p>${
          excess > 0
            ? html`<strong>${count(excess)} bytes too many</strong>: a browser would drop that cookie without a word.`
            : 'Without a store, the data would travel in the cookie.'
        }</p>`,
  );
}

/**
 * @param {string} label
 * @param {number} bytes
 */
function meter(label, bytes) {
  return html`
        <label class="meter">
          <span>${label}</span>
          <span>${count(bytes)} of ${count(COOKIE_LIMIT)} bytes</span>
          <meter max="${COOKIE_LIMIT}" low="${COOKIE_LIMIT / 2}" high="${COOKIE_LIMIT - 1}" optimum="0" value="${Math.min(bytes, COOKIE_LIMIT)}"></meter>
        </label>`;
}

/** @param {unknown} value */
function shortened(value) {
  const text = JSON.stringify(value);
  return text.length > 240 ? `${text.slice(0, 12)}… (${count(text.length)} characters)` : text;
}
