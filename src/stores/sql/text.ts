/**
 * Keys, owners and data may be any string, but no database can hold them all: PostgreSQL refuses NUL, and UTF-8 has no
 * lone surrogates, so keys that differ only in these would collide. Such a code unit is stored as ESC and four hex
 * digits, and so is ESC itself, so that no two strings are stored alike. JSON text contains none of them and is stored
 * unchanged.
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
