/** Registers a test: `test` of node:test, `it` of Vitest, Jest, Mocha or Bun, or your own function. */
export type TestRunner = (name: string, run: TestBody) => unknown;

/** It declares no parameter: runners would take that for a callback to wait for. */
export type TestBody = (this: unknown, ...context: unknown[]) => Promise<void>;

/**
 * Skips the running test: through whatever the runner hands it that can skip (the context of node:test and Vitest, the
 * `this` of Mocha), else with a process warning that names it, so that nobody thinks that it passed.
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
