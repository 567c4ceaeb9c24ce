import { deviceOf } from './device.js';

/** @import { SessionOptions } from 'sojourn' */

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

/** @satisfies {SessionOptions} */
export const SESSION = {
  key: 'sojourn.example',
  // Who walks away from a shared computer is signed out soon; whoever is at work is asked for the password once a day.
  // The cookie is kept for as long as the session can live (OWASP ASVS 5.0, 7.1.1, 7.3.1, 7.3.2).
  idleTimeout: 30 * MINUTE,
  absoluteTimeout: DAY,
  maxAge: DAY,
  sameSite: 'lax',
  secure: 'auto',
  hashKeys: true,
  owner: data => data.user?.id,
  device: deviceOf,
};
