/** Registers a test: `test` of node:test, `it` of Vitest, Jest, Mocha or Bun, or a function of one's own. */
export type TestRunner = (name: string, run: TestBody) => unknown;

/** It declares no parameter: runners take a declared one for a callback to wait for. */
export type TestBody = (this: unknown, ...context: unknown[]) => Promise<void>;

/**
 * Skips the test that runs, by name: through whatever the runner hands it that can (the context of node:test and
 * Vitest, the `this` of Mocha), else with a process warning, so that nobody takes it for passed.
 */
export function skipTest(name: string, why: string, contexts: readonly unknown[]): void {
  const context = contexts.find(canSkip);
  if (context) context.skip(why);
  else process.emitWarning(`skipped: ${name} (${why})`, 'StoreSuiteWarning');
}

/** Vitest's context is a function. */
function canSkip(context: unknown): context is { skip(why: string): void } {
  const isObject = typeof context === 'function' || (typeof context === 'object' && context !== null);
  return isObject && 'skip' in context && typeof context.skip === 'function';
}
