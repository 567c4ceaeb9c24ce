import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

type Run = (...given: unknown[]) => Promise<void>;
const AsyncFunction = (async () => {}).constructor as new (...source: string[]) => Run;

/** The examples of a page, by the name in the comment before each. */
export class Examples {
  readonly #blocks: ReadonlyMap<string, string>;

  constructor(page: string) {
    const found = readFileSync(page, 'utf8').matchAll(/<!-- ([\w-]+) -->\n```js\n(.*?)```/gs);
    this.#blocks = new Map([...found].map(([, name, code]) => [name as string, code as string]));
  }

  code(name: string): string {
    return this.#blocks.get(name) ?? assert.fail(`the page has no example ${name}`);
  }

  /** Runs one as it stands, but for its imports: with what is given under these names. */
  run(name: string, given: Readonly<Record<string, unknown>>): Promise<void> {
    return runExample(this.code(name), given);
  }
}

/** Runs an example as it stands, but for its imports: with what is given under these names. */
export function runExample(code: string, given: Readonly<Record<string, unknown>>): Promise<void> {
  const body = code.replace(/^import .*$/gm, '');
  return new AsyncFunction(...Object.keys(given), body)(...Object.values(given));
}
