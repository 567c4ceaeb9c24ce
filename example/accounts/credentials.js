/** Characters. NIST SP 800-63B wants 8 at least, and no rules of what they are to be. */
export const SHORTEST_PASSWORD = 10;

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,39}$/u;

/**
 * A name as it is kept: one who writes it in another case, or on another keyboard, is the same person.
 *
 * @param {string} text
 */
export function normalizedName(text) {
  return text.normalize('NFKC').trim().toLowerCase();
}

/**
 * What is wrong with a new account's name, if anything.
 *
 * @param {string} name
 */
export function nameFault(name) {
  if (name === '') return 'Choose a name.';
  return NAME.test(name) ? undefined : 'Use up to 40 letters and digits. Spaces and . _ @ - may follow.';
}

/**
 * What is wrong with a new password, if anything.
 *
 * @param {string} password
 */
export function passwordFault(password) {
  if ([...password].length >= SHORTEST_PASSWORD) return undefined;
  return `Choose a password of at least ${SHORTEST_PASSWORD} characters.`;
}
