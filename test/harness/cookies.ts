import Keygrip from 'keygrip';
import { SECRET } from './app.js';

/** A cookie as a response sets it. Attribute names are in lower case; one without a value is `true`. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  readonly attributes: Readonly<Record<string, string | true>>;
  /** Epoch ms; undefined for a cookie that ends with the browser. */
  readonly expiresAt: number | undefined;
}

export function parseSetCookie(line: string): SetCookie {
  const [pair = '', ...rest] = line.split(/; */);
  const [name, value] = split(pair);
  const attributes: Record<string, string | true> = {};
  for (const attribute of rest) {
    const [key, content] = split(attribute);
    attributes[key.toLowerCase()] = attribute.includes('=') ? content : true;
  }
  const expires = attributes.expires;
  return { name, value, attributes, expiresAt: expires ? Date.parse(String(expires)) : undefined };
}

function split(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
}

/** The text of koa-session's plain cookie: base64 of JSON. */
export function plainText(record: unknown): string {
  return Buffer.from(typeof record === 'string' ? record : JSON.stringify(record)).toString('base64');
}

/** The record in a plain cookie's text. */
export function recordIn(text: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(text ?? '', 'base64').toString());
}

/** A `Cookie` header's pairs for a signed cookie. */
export function signedPair(value: string, { name = 'koa.sess', key = SECRET } = {}): string {
  return `${name}=${value}; ${name}.sig=${new Keygrip([key]).sign(`${name}=${value}`)}`;
}

/** The `Cookie` header of a signed plain cookie that holds this record. */
export function signedRecord(record: unknown, options?: { name?: string; key?: string }): string {
  return signedPair(plainText(record), options);
}
