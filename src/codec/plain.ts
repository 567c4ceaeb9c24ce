/**
 * koa-session's cookie text: base64 (RFC 4648 section 4) of the record's JSON. It hides nothing and proves nothing:
 * the signature beside it does the proving.
 */

/** A cookie's bytes go through one buffer, whatever the request: they need not be kept. */
const bytes = Buffer.alloc(8192);

/** UTF-8 takes at most so many bytes for one unit of a string. */
const MAX_BYTES = 3;

/** The text that holds this JSON. */
export function toBase64(json: string): string {
  if (json.length * MAX_BYTES > bytes.length) return Buffer.from(json).toString('base64');
  return bytes.toString('base64', 0, bytes.write(json));
}

/** The JSON in a text. What is not base64 gives a text that is no JSON. */
export function fromBase64(text: string): string {
  if (text.length > bytes.length) return Buffer.from(text, 'base64').toString();
  return bytes.toString('utf8', 0, bytes.write(text, 'base64'));
}
