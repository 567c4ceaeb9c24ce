import Keygrip from 'keygrip';
import { encode } from './codec.js';
import type { Jar } from './jar.js';
import { COOKIE, isInCookie, isSigned, type Mode } from './mode.js';
import type { Presentation } from './step.js';

/** What a client sends: cookies in order, and the header of an external key. */
export interface Presented {
  readonly cookies: readonly (readonly [name: string, value: string])[];
  readonly externalKey?: string;
}

/** The client's side of a world. */
export interface Client {
  readonly mode: Mode;
  readonly keys: Keygrip;
  /** What it has, the newest last. */
  readonly jars: readonly Jar[];
}

/** The keys of these numbers. */
export function keygrip(numbers: readonly number[]): Keygrip {
  return new Keygrip(numbers.map(number => `secret ${number}`));
}

const STRANGERS_KEYS = keygrip([99]);

/** A key that no store holds. */
const UNKNOWN_KEY = 'unknown-key';

export function present(presentation: Presentation, client: Client): Presented {
  if (presentation.as === 'stranger') return { cookies: [] };
  if (client.mode.hasExternalKey) return presentKey(presentation, client);
  const value = cookieOf(presentation, client);
  if (value === undefined) return { cookies: [] };
  const ours = [COOKIE, value] as const;
  const first = presentation.as === 'duplicate' ? [[COOKIE, 'bad'] as const] : [];
  const signature = isSigned(client.mode) ? signatureOf(presentation, client, value) : undefined;
  return { cookies: [...first, ours, ...(signature ? [[`${COOKIE}.sig`, signature] as const] : [])] };
}

function presentKey(presentation: Presentation, { jars }: Client): Presented {
  const key = presentation.as === 'garbage' ? presentation.text : jarOf(presentation, jars).externalKey;
  const isOwn = ['browser', 'hoarder', 'replay', 'garbage'].includes(presentation.as);
  const externalKey = isOwn ? key : UNKNOWN_KEY;
  return externalKey ? { cookies: [], externalKey } : { cookies: [] };
}

function jarOf(presentation: Presentation, jars: readonly Jar[]): Jar {
  const back = presentation.as === 'replay' ? presentation.back : 0;
  return jars[Math.max(0, jars.length - 1 - back)] as Jar;
}

function cookieOf(presentation: Presentation, { mode, jars }: Client): string | undefined {
  if (presentation.as === 'garbage') return presentation.text;
  if (presentation.as === 'crafted') {
    return isInCookie(mode) ? encode(presentation.content, mode) : UNKNOWN_KEY;
  }
  const value = jarOf(presentation, jars).value('', isHoarder(presentation));
  if (presentation.as !== 'tampered' || !value) return value;
  if (!isInCookie(mode)) return UNKNOWN_KEY;
  return (value.startsWith('A') ? 'B' : 'A') + value.slice(1);
}

function signatureOf(presentation: Presentation, client: Client, value: string): string | undefined {
  switch (presentation.as) {
    case 'unsigned':
      return undefined;
    case 'foreign':
      return STRANGERS_KEYS.sign(`${COOKIE}=${value}`);
    case 'renamed':
      return client.keys.sign(`other.sess=${value}`);
    case 'crafted':
    case 'garbage':
      return client.keys.sign(`${COOKIE}=${value}`);
    default:
      return jarOf(presentation, client.jars).value('.sig', isHoarder(presentation));
  }
}

function isHoarder({ as }: Presentation): boolean {
  return as === 'hoarder' || as === 'replay';
}
