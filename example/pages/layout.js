import { html } from './html.js';

/** @import { Visitor } from '../visitor.js' */

/**
 * @typedef {object} Page
 * @property {string} title
 * @property {Visitor} [visitor]  Left out by a page that uses no session.
 * @property {unknown} content
 */

/** @param {Page} page */
export function page({ title, visitor, content }) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title} · sojourn</title>
    <link rel="icon" href="/icon.svg">
    <link rel="stylesheet" href="/style.css">${
      visitor?.name &&
      html`
    <script src="/live.js" type="module"></script>`
    }
  </head>
  <body>
    <a class="skip" href="#main">Skip to the content</a>
    <header>
      <a class="brand" href="/"><img src="/icon.svg" alt="" width="32" height="32">sojourn</a>
      <nav aria-label="Site">
        <ul>${links(visitor)}
        </ul>
      </nav>
    </header>${visitor?.name && liveNotice}
    <main id="main" tabindex="-1">${content}
    </main>
    <footer><p>Served by <b>sojourn</b>, session middleware for Koa. The code is in <code>example/app.js</code>.</p></footer>
  </body>
</html>
`.toString();
}

/** @param {Visitor | undefined} visitor */
function links(visitor) {
  const session = link(visitor, '/', 'Session');
  if (!visitor?.name)
    return [session, link(visitor, '/sign-in', 'Sign in'), link(visitor, '/sign-up', 'Sign up')];
  return html`${session}${link(visitor, '/devices', 'Your devices')}
          <li>${button(visitor, '/log-out', 'Sign out')}</li>`;
}

/**
 * @param {Visitor | undefined} visitor
 * @param {string} path
 * @param {string} label
 */
function link(visitor, path, label) {
  return html`
          <li><a href="${path}"${visitor?.path === path && html` aria-current="page"`}>${label}</a></li>`;
}

/** A live region is read out when something is put into it; so it is there, empty, from the beginning. See live.js. */
const liveNotice = html`
    <div id="live" role="alert"></div>
    <template id="ended">
      <div class="ended">
        <p><strong data-part="title"></strong> <span data-part="text"></span></p>
        <a class="button" href="/sign-in">Sign in again</a>
      </div>
    </template>`;

/**
 * A form of this visitor's session.
 *
 * @param {Visitor} visitor
 * @param {string} action
 * @param {unknown} content
 */
export function form({ token }, action, content) {
  return html`<form method="post" action="${action}"><input type="hidden" name="token" value="${token}">${content}</form>`;
}

/**
 * A form that is one button.
 *
 * @param {Visitor} visitor
 * @param {string} action
 * @param {string} label
 */
export function button(visitor, action, label) {
  return form(visitor, action, html`<button>${label}</button>`);
}

/**
 * @param {string} id
 * @param {string} title
 * @param {unknown} content
 */
export function card(id, title, content) {
  return html`
      <section aria-labelledby="${id}">
        <h2 id="${id}">${title}</h2>${content}
      </section>`;
}

/** @param {string | undefined} text  What the last form did. */
export function noticeLine(text) {
  return text && html`<p class="notice" role="status">${text}</p>`;
}

/**
 * @param {string} name
 * @param {unknown} value
 */
export function row(name, value) {
  return html`<div><dt>${name}</dt> <dd>${value}</dd></div>`;
}
