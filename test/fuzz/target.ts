import assert from 'node:assert/strict';
import type { Arbitrary } from 'fast-check';
import type { Outcome } from './site.js';

/** How an input travels: within the process, or over HTTP. */
export type Way = 'within the process' | 'over HTTP';

/** Something that takes hostile inputs, each of which is plain data, and says whether it withstood. */
export interface Target {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: each target has its own
  readonly inputs: Arbitrary<any>;
  /** @throws an AssertionError where it did not */
  // biome-ignore lint/suspicious/noExplicitAny: what `inputs` makes
  strike(input: any, way: Way): Promise<void>;
  close(): Promise<void>;
}

/** What the app may have found: any data, or one of these; an empty session is always right. */
export type Expected = 'anything' | ReadonlySet<string>;

/** The data of a session cookie that is over 4096 bytes, as base64, have at least so many. */
const LEAST_TOO_LARGE = 2500;

/**
 * Never a failure of the server's, never a session that was not issued. The one error is that of a session which is too
 * large to be sent again: who has the right key can make one.
 */
export function judge({ status, data, errors }: Outcome, expected: Expected): void {
  const isTooLarge =
    data.length >= LEAST_TOO_LARGE && errors.every(({ code }) => code === 'ERR_SESSION_TOO_LARGE');
  if (status >= 500 && isTooLarge) return;
  assert.ok(status > 0 && status < 500, `${status}: ${errors[0]?.stack}`);
  if (expected !== 'anything' && data !== '{}') {
    assert.ok(expected.has(data), `a session that was not issued: ${data.slice(0, 500)}`);
  }
}

/** The data in a record of koa-session's, as the app is to find them; an empty session where it is none. */
export function dataIn(record: string): string {
  const raw = parsed(record);
  if (!isObject(raw)) return '{}';
  const data = {};
  const define = (name: string, value: unknown) =>
    Object.defineProperty(data, name, { value, writable: true, enumerable: true, configurable: true });
  for (const [name, value] of Object.entries(raw)) {
    if (!name.startsWith('_') || name === '__proto__') define(name, value);
  }
  if (isObject(raw._data)) for (const [name, value] of Object.entries(raw._data)) define(name, value);
  return textOf(data);
}

/** The data in a text of a sojourn store. */
export function objectIn(text: string): string {
  const value = parsed(text);
  return isObject(value) ? textOf(value) : '{}';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Nobody expects what is nested too deep. */
function textOf(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '{}';
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
