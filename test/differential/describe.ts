import { parseSetCookie } from '../harness/cookies.js';
import { decodeText } from './codec.js';
import { COOKIE, type Mode } from './mode.js';
import { keygrip, type Presented } from './present.js';
import type { Call } from './recording-store.js';
import type { Outcome } from './world.js';

/** A cookie line, its value read: a record's JSON text, a key, what a signature is worth, or `cleared`. */
export interface CookieLine {
  readonly name: string;
  readonly value: string;
  readonly attributes: Readonly<Record<string, string | true>>;
}

/** An outcome in which generated keys have names, so that two worlds' can be compared. */
export interface Described {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly cookies: readonly CookieLine[];
  readonly dropped: readonly CookieLine[];
  readonly seen: readonly unknown[];
  readonly early: readonly unknown[];
  readonly calls: readonly Call[];
  readonly events: readonly unknown[];
  readonly errors: readonly string[];
  readonly held: Readonly<Record<string, { readonly text: string; readonly expiresAt: number | 'never' }>>;
}

/** What a world was when a step began. */
export interface Setting {
  readonly mode: Mode;
  readonly keys: readonly number[];
  readonly presented: Presented;
  /** Names of generated keys; new ones are added. */
  readonly names: Map<string, string>;
  /** Which step of the sequence it is. */
  readonly turn: number;
}

/** Headers that every response has, or that tell nothing. */
const NOISE = new Set(['date', 'connection', 'keep-alive', 'set-cookie', 'content-length']);

export function describeOutcome(outcome: Outcome, setting: Setting): Described {
  const described = {
    ...outcome,
    headers: Object.fromEntries(Object.entries(outcome.headers).filter(([name]) => !NOISE.has(name))),
    cookies: outcome.cookies.map(line => describeCookie(line, outcome.cookies, setting)),
    dropped: outcome.dropped.map(line => describeCookie(line, outcome.dropped, setting)),
    held: Object.fromEntries(
      [...outcome.held].map(([key, { text, expiresAt = 'never' }]) => [key, { text, expiresAt }]),
    ),
  };
  const text = JSON.stringify(described);
  nameKeys(outcome, text, setting);
  return JSON.parse(withNames(text, setting.names));
}

/** Generated keys: version 4 UUIDs (RFC 9562), and those of the modes' own `genid`. */
const KEY = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|gen\.\d{8}/g;

export function withNames(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(KEY, key => names.get(key) ?? key);
}

/** New keys are named in the order in which records were kept under them, then in that of their appearance. */
function nameKeys({ calls }: Outcome, text: string, { names, turn }: Setting): void {
  const kept = calls.filter(({ call }) => call === 'set').map(({ key }) => key);
  let serial = 0;
  for (const key of [kept.join(), text].flatMap(part => part.match(KEY) ?? [])) {
    if (!names.has(key)) names.set(key, `<key ${turn}.${++serial}>`);
  }
}

function describeCookie(line: string, lines: readonly string[], setting: Setting): CookieLine {
  const { name, value, attributes } = parseSetCookie(line);
  if (name === COOKIE) return { name, value: value && decodeText(value, setting.mode), attributes };
  if (name !== `${COOKIE}.sig`) return { name, value, attributes };
  return { name, value: describeSignature(value, lines, setting), attributes };
}

function describeSignature(signature: string, lines: readonly string[], setting: Setting): string {
  if (signature === '') return '';
  const sent = lines.map(parseSetCookie).findLast(({ name }) => name === COOKIE)?.value;
  const presented = setting.presented.cookies.findLast(([name]) => name === COOKIE)?.[1];
  const keys = keygrip(setting.keys);
  const signs = (value: string | undefined) =>
    value !== undefined && keys.sign(`${COOKIE}=${value}`) === signature;
  if (signs(sent)) return "signs the response's cookie";
  return signs(presented) ? "signs the request's cookie" : 'wrong';
}
