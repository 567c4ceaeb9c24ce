/**
 * A session that does what the scenarios ask, keeps what sojourn keeps (signatures, an expiry in the record, Vary and
 * Cache-Control), and nothing else: there are no options, events, typed errors, checks of what a client or a store
 * sends, or members of `ctx.session`. `--floor` runs it in sojourn's place, to show about what a bar leaves for all that: it
 * is not tuned as sojourn is, and a spread of its takes more memory than a loop would.
 */
import { hash, randomUUID } from 'node:crypto';

const NAME = 'koa.sess';
const BLOCK = 64;
/** For cookies of up to this size; no scenario has a larger one. */
const bytes = Buffer.alloc(16384);

/**
 * @typedef {{ maxAge: number, signed: boolean, store?: any, rolling?: boolean }} Options
 * @typedef {{ key?: string, data: any, before?: any }} Loaded
 *
 * @param {Options} options
 * @param {any} app
 * @returns {any}
 */
export default function session({ maxAge, signed, store, rolling }, app) {
  const sign = signer(app.keys[0]);
  const slot = Symbol('session');
  Object.defineProperty(app.context, 'session', {
    configurable: true,
    /** @this {any} */
    get() {
      this[slot] ??= open(this);
      return this[slot].data;
    },
  });

  /** @param {any} ctx */
  const credential = ({ req }) => {
    const value = cookieIn(req.headers.cookie, NAME);
    if (value === undefined || !signed) return value;
    return cookieIn(req.headers.cookie, `${NAME}.sig`) === sign(`${NAME}=${value}`) ? value : undefined;
  };
  /** @param {any} ctx @returns {Loaded} */
  const open = ctx => {
    const text = store ? undefined : credential(ctx);
    if (text === undefined) return { data: {} };
    const { _expire, _maxAge, ...data } = JSON.parse(bytes.toString('utf8', 0, bytes.write(text, 'base64')));
    return _expire > Date.now() ? { data, before: JSON.stringify(data) } : { data: {} };
  };
  /** @param {any} ctx */
  const load = async ctx => {
    const key = credential(ctx);
    const record = key && (await store.get(key));
    if (!record || record._expire <= Date.now()) return;
    const { _expire, _maxAge, ...data } = record;
    ctx[slot] = { key, data, before: copyOf(data) };
  };
  /** @param {any} ctx @param {Loaded} loaded */
  const save = async (ctx, loaded) => {
    const record = { ...loaded.data, _expire: Date.now() + maxAge, _maxAge: maxAge };
    const value = store
      ? (loaded.key ?? randomUUID())
      : bytes.toString('base64', 0, bytes.write(JSON.stringify(record)));
    if (store) await store.set(value, record);
    const pair = `${NAME}=${value}`;
    const attributes = `; path=/; expires=${httpDate(record._expire)}; httponly`;
    const lines = [pair + attributes];
    if (signed) lines.push(`${NAME}.sig=${sign(pair)}${attributes}`);
    ctx.res.setHeader('Set-Cookie', lines);
    ctx.res.setHeader('Cache-Control', 'private, no-store');
  };
  /** @param {Loaded} loaded */
  const isChanged = ({ data, before }) => {
    if (before === undefined) return Object.keys(data).length > 0;
    return store ? !isSame(data, before) : JSON.stringify(data) !== before;
  };
  return async (/** @type {any} */ ctx, /** @type {() => Promise<void>} */ next) => {
    if (store && ctx.req.headers.cookie) await load(ctx);
    await next();
    const loaded = ctx[slot];
    if (!loaded) return;
    if (isChanged(loaded) || (rolling && loaded.before)) await save(ctx, loaded);
    ctx.res.setHeader('Vary', 'Cookie');
  };
}

/** @param {string | undefined} header @param {string} name */
function cookieIn(header, name) {
  const start = header?.indexOf(`${name}=`) ?? -1;
  if (header === undefined || start === -1) return undefined;
  const end = header.indexOf(';', start);
  return header.slice(start + name.length + 1, end === -1 ? undefined : end);
}

/** @param {any} value @returns {any} */
function copyOf(value) {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  const copy = { ...value };
  for (const name in copy) copy[name] = copyOf(copy[name]);
  return copy;
}

/** @param {any} one @param {any} other */
function isSame(one, other) {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  for (const name in one) if (!isSame(one[name], other[name])) return false;
  return true;
}

/**
 * HMAC-SHA-1 by two hashes over a padded key; those of short texts are remembered.
 *
 * @param {string} key
 */
function signer(key) {
  const padded = Buffer.alloc(BLOCK);
  padded.write(key);
  const inner = padded.map(byte => byte ^ 0x36).toString();
  const outer = Buffer.concat([padded.map(byte => byte ^ 0x5c), Buffer.alloc(20)]);
  const known = new Map();
  return (/** @type {string} */ text) => {
    const found = known.get(text);
    if (found) return found;
    outer.write(hash('sha1', inner + text, 'binary'), BLOCK, 'binary');
    const signature = hash('sha1', outer, 'base64url');
    if (text.length < 128) known.set(text, signature);
    return signature;
  };
}

let last = { second: 0, text: '' };

/** @param {number} at */
function httpDate(at) {
  const second = Math.floor(at / 1000);
  if (last.second !== second) last = { second, text: new Date(at).toUTCString() };
  return last.text;
}
