/** One way to set the two packages up: the same options for both. */
export interface Mode {
  readonly name: string;
  readonly keeps: 'cookie' | 'store' | 'ContextStore';
  /** The key travels in a header instead of the cookie. */
  readonly hasExternalKey?: boolean;
  /** The app's own `genid`, `encode` and `decode`, `valid`, `beforeSave`. */
  readonly hasGenid?: boolean;
  readonly hasCodec?: boolean;
  readonly hasValid?: boolean;
  readonly hasBeforeSave?: boolean;
  /** What is handed to both as it is. */
  readonly options: PlainOptions;
}

export interface PlainOptions {
  readonly maxAge?: number | 'session';
  readonly signed?: boolean;
  readonly rolling?: boolean;
  readonly renew?: boolean;
  readonly autoCommit?: boolean;
  readonly prefix?: string;
  readonly path?: string;
  readonly domain?: string;
  readonly httpOnly?: boolean;
  readonly overwrite?: boolean;
  readonly sameSite?: 'strict' | 'lax' | 'none';
  readonly priority?: 'low' | 'medium' | 'high';
}

/** The cookie's name in every mode, and the header of an external key. */
export const COOKIE = 'app.sess';
export const KEY_HEADER = 'x-session-key';

/** What the modes' `beforeSave` makes of `list`, where there is one. */
export const SAVED_LIST = 'as it was saved';

export const MINUTE = 60_000;
const options: PlainOptions = { maxAge: MINUTE };
const attributes: PlainOptions = {
  path: '/app',
  domain: 'app.example',
  httpOnly: false,
  overwrite: false,
  sameSite: 'lax',
  priority: 'high',
};

export const MODES: readonly Mode[] = [
  { name: 'signed cookie', keeps: 'cookie', options },
  { name: 'unsigned cookie', keeps: 'cookie', options: { ...options, signed: false } },
  { name: 'signed cookie, rolling', keeps: 'cookie', options: { ...options, rolling: true } },
  { name: 'signed cookie, renew', keeps: 'cookie', options: { ...options, renew: true } },
  { name: 'signed cookie, browser session', keeps: 'cookie', options: { maxAge: 'session' } },
  { name: 'signed cookie, no maxAge given', keeps: 'cookie', options: {} },
  { name: 'signed cookie, autoCommit off', keeps: 'cookie', options: { ...options, autoCommit: false } },
  { name: 'signed cookie, encode and decode', keeps: 'cookie', hasCodec: true, options },
  { name: 'signed cookie, valid', keeps: 'cookie', hasValid: true, options },
  { name: 'signed cookie, beforeSave', keeps: 'cookie', hasBeforeSave: true, options },
  { name: 'signed cookie, attributes', keeps: 'cookie', options: { ...options, ...attributes } },
  { name: 'store', keeps: 'store', options },
  { name: 'store, unsigned key', keeps: 'store', options: { ...options, signed: false } },
  { name: 'store, rolling', keeps: 'store', options: { ...options, rolling: true } },
  { name: 'store, renew', keeps: 'store', options: { ...options, renew: true } },
  { name: 'store, browser session', keeps: 'store', options: { maxAge: 'session' } },
  { name: 'store, no maxAge given', keeps: 'store', options: {} },
  { name: 'store, autoCommit off', keeps: 'store', options: { ...options, autoCommit: false } },
  { name: 'store, prefix', keeps: 'store', options: { ...options, prefix: 'app:' } },
  { name: 'store, genid', keeps: 'store', hasGenid: true, options },
  { name: 'store, valid', keeps: 'store', hasValid: true, options },
  { name: 'store, beforeSave', keeps: 'store', hasBeforeSave: true, options },
  { name: 'store, attributes', keeps: 'store', options: { ...options, ...attributes } },
  { name: 'ContextStore', keeps: 'ContextStore', options },
  { name: 'externalKey', keeps: 'store', hasExternalKey: true, options },
  {
    name: 'externalKey, rolling',
    keeps: 'store',
    hasExternalKey: true,
    options: { ...options, rolling: true },
  },
];

/** The mode of this name. */
export function modeOf(name: string): Mode {
  const mode = MODES.find(candidate => candidate.name === name);
  if (!mode) throw new Error(`there is no mode ${name}`);
  return mode;
}

/** True where the session's data are in the cookie itself. */
export function isInCookie({ keeps }: Mode): boolean {
  return keeps === 'cookie';
}

/** True where the cookie has a signature beside it. */
export function isSigned({ options: { signed = true }, hasExternalKey }: Mode): boolean {
  return signed && !hasExternalKey;
}
