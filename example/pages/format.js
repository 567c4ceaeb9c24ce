import { html } from './html.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @param {number} value */
export function count(value) {
  return value.toLocaleString('en');
}

/**
 * A span in the unit that fits, rounded up: one minute at least.
 *
 * @param {number} ms
 */
export function duration(ms) {
  if (ms < HOUR) return plural(Math.max(1, Math.ceil(ms / MINUTE)), 'minute');
  return ms < 2 * DAY ? plural(Math.ceil(ms / HOUR), 'hour') : plural(Math.ceil(ms / DAY), 'day');
}

/**
 * @param {number} value
 * @param {string} noun
 */
export function plural(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** @param {number} ms  Epoch ms. */
export function instant(ms) {
  const date = new Date(ms);
  const text = date.toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
  return html`<time datetime="${date.toISOString()}">${text} UTC</time>`;
}

/**
 * How long ago it was: that needs no time zone.
 *
 * @param {number} ms  Epoch ms.
 * @param {number} now  Epoch ms.
 */
export function ago(ms, now) {
  const text = now - ms < 2 * MINUTE ? 'just now' : `${duration(now - ms)} ago`;
  return html`<time datetime="${new Date(ms).toISOString()}">${text}</time>`;
}
