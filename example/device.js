/** @import { Context } from 'koa' */

/**
 * What is kept of the client with an account's session.
 *
 * @typedef {object} Device
 * @property {string} ip
 * @property {string} agent
 */

/**
 * @param {Context} ctx
 * @returns {Device}
 */
export function deviceOf(ctx) {
  return { ip: ctx.ip, agent: ctx.get('User-Agent').slice(0, 256) };
}

/**
 * Each names the one before it too, or the one after: the first that is found counts.
 *
 * @type {[RegExp, string][]}
 */
const BROWSERS = [
  [/\bEdg(A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|HeadlessChrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

/** @type {[RegExp, string][]} */
const SYSTEMS = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/**
 * As a person would call it: "Firefox on Windows". A client says of itself what it likes, so this is for people to
 * recognise their own, and for nothing else.
 *
 * @param {string} agent  Its `User-Agent`.
 */
export function deviceName(agent) {
  const [browser, system] = [BROWSERS, SYSTEMS].map(
    list => list.find(([pattern]) => pattern.test(agent))?.[1],
  );
  return `${browser ?? 'A browser'}${system ? ` on ${system}` : ''}`;
}
