/**
 * Keys, owners and data may be any string, and no database keeps every one: PostgreSQL refuses NUL, and UTF-8 has no
 * lone surrogates, so two keys that differ in them would meet. Such a code unit is kept as ESC and four hex digits;
 * ESC itself too, so that no two strings are kept as one. JSON text has none of them and is kept as it is.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is for
const UNKEEPABLE = /[\0\x1b\p{Surrogate}]/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const ESCAPED = /\x1b([0-9a-f]{4})/g;

export function escapeText(text: string): string {
  return text.replace(UNKEEPABLE, unit => `\x1b${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function unescapeText(text: string): string {
  return text.replace(ESCAPED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
