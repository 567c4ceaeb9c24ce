import { SessionOptionsError } from '../../errors.js';

/** A table of sessions and what belongs to it, quoted for the dialect. */
export interface Table {
  /** The table of sessions and tombstones, with its schema if it has one. */
  readonly sessions: string;
  /** The table with a row for each owner who has sessions, to be locked. */
  readonly owners: string;
  /** The schema, unquoted. */
  readonly schema: string | undefined;
  /** The table, unquoted and without its schema. */
  readonly name: string;
  /** Quotes the name of an index of this table. */
  index(suffix: string): string;
}

/** PostgreSQL truncates names to 63 bytes: `_expires_idx` must still fit. */
const PATTERN = /^(?:(?<schema>[a-z_][a-z0-9_]{0,62})\.)?(?<name>[a-z_][a-z0-9_]{0,49})$/i;

/** @throws SessionOptionsError for a name that is not safe in every database. */
export function tableNamed(text: unknown, quote: '"' | '`'): Table {
  const groups = typeof text === 'string' ? PATTERN.exec(text)?.groups : undefined;
  if (!groups?.name) {
    throw new SessionOptionsError(
      `table: ${JSON.stringify(text)} is no table name. Give a name of letters, digits and "_" that begins with no ` +
        'digit and has at most 50 characters, or "schema.name".',
    );
  }
  const { schema, name } = groups;
  const quoted = (identifier: string) => `${quote}${identifier}${quote}`;
  const qualified = (identifier: string) => (schema ? `${quoted(schema)}.` : '') + quoted(identifier);
  return {
    sessions: qualified(name),
    owners: qualified(`${name}_owners`),
    schema,
    name,
    index: suffix => quoted(`${name}_${suffix}_idx`),
  };
}
