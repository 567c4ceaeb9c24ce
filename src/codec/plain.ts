/**
 * koa-session's cookie text: base64 (RFC 4648 section 4) of the record's JSON. It hides nothing and proves nothing:
 * the signature beside it does the proving.
 */

/** One buffer serves all requests, since the bytes of a cookie need not be kept. */
const bytes = Buffer.alloc(8192);

/** UTF-8 takes at most this many bytes per UTF-16 code unit. */
const MAX_BYTES = 3;

/** The text that holds this JSON, which may be in two pieces: to join them would copy them once more. */
export function toBase64(head: string, tail = ''): string {
  if ((head.length + tail.length) * MAX_BYTES > bytes.length)
    return Buffer.from(head + tail).toString('base64');
  const end = bytes.write(head);
  return bytes.toString('base64', 0, end + bytes.write(tail, end));
}

/** The JSON in a text. What is not base64 yields text that is not JSON. */
export function fromBase64(text: string): string {
  if (text.length > bytes.length) return Buffer.from(text, 'base64').toString();
  return bytes.toString('utf8', 0, bytes.write(text, 'base64'));
}
