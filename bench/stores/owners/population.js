/** Accounts that are signed in at five places each: made from their numbers, as the core would make them. */
import { createHash } from 'node:crypto';
import { account } from '../scenarios.js';

export const SESSIONS_EACH = 5;

const DAY = 86_400_000;
const device = JSON.stringify({ ip: '192.0.2.17', agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0)' });

/**
 * An account's sessions are far apart in the order of insertion, as where people sign in from day to day.
 *
 * @param {number} owners
 * @returns {import('../places.js').Population}
 */
export function population(owners) {
  return {
    count: owners * SESSIONS_EACH,
    keyOf: number => keyOf(ownerOf(number % owners), String(number)),
    sessionOf: (number, now) => sessionOf(ownerOf(number % owners), { name: String(number), now }),
  };
}

/** @param {number} number */
export function ownerOf(number) {
  return `user-${number}`;
}

/**
 * @param {string} owner
 * @param {string} name of one session
 */
export function keyOf(owner, name) {
  return `${tagOf(owner)}.${hashOf(`key ${name}`)}`;
}

/**
 * @param {string} owner
 * @param {{ name: string, now: number }} session `now` in epoch ms
 * @returns {import('sojourn').StoredSession}
 */
export function sessionOf(owner, { name, now }) {
  const id = (/** @type {string} */ what) => hashOf(`${what} ${name}`).slice(0, 22);
  return {
    data: JSON.stringify(account),
    version: id('version'),
    generation: id('generation'),
    handle: tagOf(owner) + id('handle'),
    owner,
    device,
    authenticatedAt: now,
    maxAge: null,
    createdAt: now,
    savedAt: now,
    lastSeenAt: now,
    expiresAt: now + DAY,
  };
}

/** What an owner's keys and handles begin with. @param {string} owner */
function tagOf(owner) {
  return hashOf(owner).slice(0, 3);
}

/** @param {string} text */
function hashOf(text) {
  return createHash('sha256').update(text).digest('base64url');
}
