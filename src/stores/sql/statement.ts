import type { Query, Value } from './driver.js';
import { escapeText } from './text.js';

/** The text of a statement as the client takes it, and the names of its placeholders' values, in order. */
export interface Statement {
  readonly text: string;
  readonly names: readonly string[];
}

export type Parameters = Readonly<Record<string, Value>>;

/** Replaces each `:name` in a statement with the client's placeholder. */
export function compile(source: string, numbered: boolean): Statement {
  const names: string[] = [];
  const text = source.replace(/:([a-z]\w*)/gi, (_, name: string) => {
    const known = numbered ? names.indexOf(name) : -1;
    const place = known === -1 ? names.push(name) : known + 1;
    return numbered ? `$${place}` : '?';
  });
  return { text, names };
}

/** Values never become part of a statement's text. */
export function bind({ text, names }: Statement, parameters: Parameters): Query {
  return { text, values: names.map(name => kept(parameters[name])) };
}

/** As many values `name0 name1 ...` as a statement takes; the first one fills the places left. */
export function named(names: readonly string[], count: number): Parameters {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`name${index}`, names[index] ?? names[0] ?? null]),
  );
}

function kept(value: Value | undefined): Value {
  return typeof value === 'string' ? escapeText(value) : (value ?? null);
}
