import type { Query, Value } from './driver.js';
import { escapeText } from './text.js';

/** The text of a statement as the client takes it, and the names of the values that stand in its places. */
export interface Statement {
  readonly text: string;
  readonly names: readonly string[];
}

export type Parameters = Readonly<Record<string, Value>>;

/** Puts the client's placeholders where a statement has `:name`. */
export function compile(source: string, numbered: boolean): Statement {
  const names: string[] = [];
  const text = source.replace(/:([a-z]\w*)/gi, (_, name: string) => {
    const known = numbered ? names.indexOf(name) : -1;
    const place = known === -1 ? names.push(name) : known + 1;
    return numbered ? `$${place}` : '?';
  });
  return { text, names };
}

/** No value is ever a part of a statement's text. */
export function bind({ text, names }: Statement, parameters: Parameters): Query {
  return { text, values: names.map(name => kept(parameters[name])) };
}

/** As many values `name0 name1 ...` as a statement takes: those that it lacks are repeated. */
export function named(names: readonly string[], count: number): Parameters {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`name${index}`, names[index] ?? names[0] ?? null]),
  );
}

function kept(value: Value | undefined): Value {
  return typeof value === 'string' ? escapeText(value) : (value ?? null);
}
