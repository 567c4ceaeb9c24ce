/** The sessions that a store is filled with: made from their number, so that nobody need remember a million keys. */
import { createHash } from 'node:crypto';
import { account } from '../scenarios.js';

const HOUR = 3_600_000;

/** One half of the sessions is over after an hour, the other after ten. */
export const LATER = 2 * HOUR;

/** @param {number} number */
export function keyOf(number) {
  const random = randomOf('key', number);
  return `${tagOf(random)}.${random}`;
}

/**
 * The sessions of odd numbers are over `LATER`.
 *
 * @param {number} number
 * @param {number} now epoch ms
 * @returns {import('sojourn').StoredSession}
 */
export function sessionOf(number, now) {
  return {
    data: JSON.stringify(account),
    version: randomOf('version', number).slice(0, 22),
    generation: randomOf('generation', number).slice(0, 22),
    handle: tagOf(randomOf('key', number)) + randomOf('handle', number).slice(0, 22),
    owner: null,
    device: null,
    authenticatedAt: null,
    maxAge: null,
    createdAt: now,
    savedAt: now,
    lastSeenAt: now,
    expiresAt: now + (number % 2 === 0 ? 10 * HOUR : HOUR),
  };
}

/** @param {number} count */
export function anyOf(count) {
  return Math.floor(Math.random() * count);
}

/** One that is live `LATER` still. @param {number} count */
export function anyLastingOf(count) {
  return 2 * anyOf(Math.ceil(count / 2));
}

/** @param {string} random */
function tagOf(random) {
  return random.slice(-3);
}

/** @param {string} what @param {number} number */
function randomOf(what, number) {
  return createHash('sha256').update(`${what} ${number}`).digest('base64url');
}
