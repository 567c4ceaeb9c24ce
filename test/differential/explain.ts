import assert from 'node:assert/strict';
import type { Mismatch } from './compare.js';
import { DIFFERENCES, type Difference } from './differences.js';
import type { Round } from './duel.js';

/** The intended differences that a thing in which the two outcomes are not the same may be. */
export function explanations(mismatch: Mismatch, round: Round): Difference[] {
  return DIFFERENCES.filter(({ recognises }) => recognises?.(mismatch, round));
}

/** @throws an AssertionError for a step whose outcomes are not the same, and no intended difference says why */
export function assertExplained(round: Round): void {
  const unexplained = round.mismatches.filter(mismatch => explanations(mismatch, round).length === 0);
  if (unexplained.length > 0) assert.fail(tell(round, unexplained));
}

function tell({ mode, step, found, koa, ours }: Round, unexplained: readonly Mismatch[]): string {
  const parts = { step, found, 'koa-session': koa, sojourn: ours };
  return [
    `${mode.name}: a difference that nobody intends`,
    ...unexplained.map(mismatch => `  ${JSON.stringify(mismatch)}`),
    ...Object.entries(parts).map(([name, part]) => `  ${name}: ${JSON.stringify(part)}`),
  ].join('\n');
}
