import { html } from './html.js';

/** What browsers keep of one cookie, its name and its value together, in bytes. */
const COOKIE_LIMIT = 4096;

/**
 * What the page shows.
 *
 * @typedef {object} View
 * @property {string | undefined} notice  What the last button did.
 * @property {import('sojourn').SessionData} data  What the session holds.
 * @property {number | 'session'} maxAge  The lifetime in ms, or until the browser closes.
 * @property {number | undefined} expiresAt  Epoch ms; undefined for a session that ends with the browser.
 * @property {string | undefined} handle  The session's public name.
 * @property {string} fingerprint  Tells one key from another without telling the key.
 * @property {number} cookieSize  Bytes of the cookie that the browser holds.
 * @property {number} sizeAsCookie  Bytes of the cookie that would hold the data themselves.
 */

/** @param {View} view */
export function sessionPage(view) {
  const { views = 0 } = view.data;
  const title = views === 1 ? '1 view' : `${count(views)} views`;
  return page(
    title,
    html`
      <p class="lede">This browser’s session has seen</p>
      <h1>${title}</h1>
      ${view.notice && html`<p class="notice" role="status">${view.notice}</p>`}
      ${dataCard(view)} ${actionsCard(view)} ${lifetimeCard(view)} ${sizeCard(view)}`,
  );
}

export function loggedOutPage() {
  return page(
    'Logged out',
    html`
      <p class="lede">The session has ended, and its cookie is gone</p>
      <h1>Logged out</h1>
      <p class="wide">This page uses no session, so none was made. The counter starts anew with the next view.</p>
      <p class="wide"><a class="button" href="/">Start a new session</a></p>`,
  );
}

/** @param {View} view */
function dataCard({ data }) {
  const rows = Object.entries(data).map(([name, value]) => row(name, html`<code>${shortened(value)}</code>`));
  return card(
    'holds',
    'What it holds',
    html`
        <dl>
          ${rows}
        </dl>`,
  );
}

/** @param {View} view */
function actionsCard({ data, maxAge }) {
  return card(
    'actions',
    'What you can do',
    html`
        <form class="line" method="post" action="/note">
          <label for="note">A note to keep</label>
          <input id="note" name="note" maxlength="200" autocomplete="off" required>
          <button>Keep</button>
        </form>
        <div class="buttons">
          ${'filler' in data ? button('/empty', 'Drop the 4 KB') : button('/fill', 'Add 4 KB of data')}
          ${button('/regenerate', 'Regenerate key')}
          ${
            maxAge === 'session'
              ? button('/keep-for-a-day', 'Last a day')
              : button('/end-with-browser', 'End with browser')
          }
          ${button('/log-out', 'Log out')}
        </div>`,
  );
}

/** @param {View} view */
function lifetimeCard({ maxAge, expiresAt, handle, fingerprint }) {
  return card(
    'lifetime',
    'How long it lives',
    html`
        <dl>
          ${row('Lifetime', maxAge === 'session' ? 'until the browser closes' : duration(maxAge))}
          ${expiresAt && row('Ends, if unused', instant(expiresAt))}
          ${handle && row('Handle', html`<code>${handle}</code>`)}
          ${row('Key, hashed', html`<code>${fingerprint}</code>`)}
        </dl>
        <p>Each view renews the lifetime. A new key leaves the handle and the data as they are. Restart the server: the session
        stays.</p>`,
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
 * @param {string} id
 * @param {string} title
 * @param {unknown} content
 */
function card(id, title, content) {
  return html`
      <section aria-labelledby="${id}">
        <h2 id="${id}">${title}</h2>${content}
      </section>`;
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function row(name, value) {
  return html`<div><dt>${name}</dt> <dd>${value}</dd></div>`;
}

/**
 * @param {string} action
 * @param {string} label
 */
function button(action, label) {
  return html`<form method="post" action="${action}"><button>${label}</button></form>`;
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

/**
 * @param {string} title
 * @param {unknown} content
 */
function page(title, content) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} · sojourn</title>
    <link rel="icon" href="/icon.svg">
    <link rel="stylesheet" href="/style.css">
  </head>
  <body>
    <main>${content}
    </main>
    <footer><p>Served by <b>sojourn</b>, session middleware for Koa. The code is in <code>example/app.js</code>.</p></footer>
  </body>
</html>
`.toString();
}

/** @param {number} value */
function count(value) {
  return value.toLocaleString('en');
}

/** @param {unknown} value */
function shortened(value) {
  const text = JSON.stringify(value);
  return text.length > 240 ? `${text.slice(0, 12)}… (${count(text.length)} characters)` : text;
}

/** @param {number} ms */
function duration(ms) {
  const hours = Math.round(ms / 3_600_000);
  return hours === 1 ? '1 hour' : `${hours} hours`;
}

/** @param {number} ms  Epoch ms. */
function instant(ms) {
  const date = new Date(ms);
  const text = date.toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
  return html`<time datetime="${date.toISOString()}">${text} UTC</time>`;
}
