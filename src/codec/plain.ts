/**
 * koa-session's cookie text: base64 (RFC 4648 section 4) of the record's JSON. It hides nothing and proves nothing:
 * the signature beside it does the proving.
 */

/** One buffer serves all requests, since the bytes of a cookie need not be kept. */
const bytes = Buffer.alloc(8192);

/** UTF-8 takes at most this many bytes per UTF-16 code unit. */
const MAX_BYTES = 3;

/** The text that holds this JSON. */
export function toBase64(json: string): string {
  if (json.length * MAX_BYTES > bytes.length) return Buffer.from(json).toString('base64');
  return bytes.toString('base64', 0, bytes.write(json));
}

/** The JSON in a text. What is not base64 yields text that is not JSON. */
export function fromBase64(text: string): string {
  if (text.length > bytes.length) return Buffer.from(text, 'base64').toString();
  return bytes.toString('utf8', 0, bytes.write(text, 'base64'));
}
