import type { SessionStore } from 'sojourn';
import { type StoreSuiteOptions, storeSuite, type TestRunner } from 'sojourn/testing';

/** How each case of a suite ended, by name. */
export interface Outcome {
  readonly passed: string[];
  readonly failed: string[];
  readonly skipped: string[];
}

/** Runs the store suite's cases that `concerns`, and tells how they ended instead of failing. */
export function runSuite<Store extends SessionStore>(
  options: Omit<StoreSuiteOptions<Store>, 'test'>,
  concerns?: (name: string) => boolean,
): Promise<Outcome> {
  return outcomeOf(test => storeSuite({ ...options, test }), concerns);
}

/** Runs the cases that a suite registers, one after another. */
export async function outcomeOf(
  suite: (test: TestRunner) => void,
  concerns: (name: string) => boolean = () => true,
): Promise<Outcome> {
  const cases = new Map<string, Parameters<TestRunner>[1]>();
  suite((name, run) => cases.set(name, run));
  const outcome: Outcome = { passed: [], failed: [], skipped: [] };
  for (const [name, run] of cases) if (concerns(name)) outcome[await endOf(run)].push(name);
  return outcome;
}

async function endOf(run: Parameters<TestRunner>[1]): Promise<keyof Outcome> {
  let end: keyof Outcome = 'passed';
  try {
    await run({
      skip: () => {
        end = 'skipped';
      },
    });
    return end;
  } catch {
    return 'failed';
  }
}
