import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Inputs that are worth keeping, one a file: each is given again before any new one. */
const FOLDER = 'test/fuzz/corpus';

export interface Entry {
  readonly file: string;
  /** Which target it is for. */
  readonly target: string;
  /** What it is, or what it once did. */
  readonly why: string;
  readonly input: unknown;
}

const entries: readonly Entry[] = readdirSync(FOLDER)
  .filter(file => file.endsWith('.json'))
  .map(file => ({ file, ...JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) }));

/** The inputs that are kept for this target. */
export function keptFor(target: string): readonly Entry[] {
  return entries.filter(entry => entry.target === target);
}

/** The targets that inputs are kept for. */
export const keptTargets: ReadonlySet<string> = new Set(entries.map(({ target }) => target));

/** Keeps an input that a target did not withstand, and answers where. */
export function keep(target: string, why: string, input: unknown): string {
  const text = JSON.stringify({ target, why, input }, null, 2);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const file = join(FOLDER, `${target.replace(/\W+/g, '-')}-${hash}.json`);
  writeFileSync(file, `${text}\n`);
  return file;
}
