/**
 * Tells, without a reload, that this page's session is over, and why. `/events` says it with one event.
 *
 * Only a page that is seen listens: a browser opens six connections to a site at most, and each tab would hold one. A
 * page that is looked at again asks anew, and is told at once what it missed.
 */

/** Ms until the next try, where the server refuses. Lost connections the browser takes up again by itself. */
const PATIENCE = 5_000;

/** @type {EventSource | undefined} */
let events;

function listenWhileSeen() {
  if (document.visibilityState === 'visible') events ??= listen();
  else stop();
}

function listen() {
  const source = new EventSource('/events');
  source.addEventListener('ended', ({ data }) => {
    source.close();
    document.removeEventListener('visibilitychange', listenWhileSeen);
    tell(JSON.parse(data));
  });
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(startAnew, PATIENCE);
  });
  return source;
}

function startAnew() {
  stop();
  listenWhileSeen();
}

function stop() {
  events?.close();
  events = undefined;
}

/**
 * Puts the notice into a live region that was on the page from the beginning, so that it is read out.
 *
 * @param {{ title: string, text: string }} ending
 */
function tell({ title, text }) {
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector('#ended'));
  const notice = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  for (const [part, words] of Object.entries({ title, text })) {
    /** @type {Element} */ (notice.querySelector(`[data-part="${part}"]`)).textContent = words;
  }
  document.title = `${title} · sojourn`;
  document.querySelector('#live')?.replaceChildren(notice);
}

document.addEventListener('visibilitychange', listenWhileSeen);
listenWhileSeen();
