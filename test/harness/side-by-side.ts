import assert, { AssertionError } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type Koa from 'koa';
import { appWith, type Routes } from './app.js';
import { type Browser, serve } from './browser.js';
import { koaSession7, type SessionPackage, sojourn } from './packages.js';

/** What the body of a test is given: the package that it is to run against. */
export interface Bench extends SessionPackage {
  readonly t: TestContext;
  /** Serves an app of these routes with this package's session. */
  visit(options: object, routes: Routes): Promise<Browser>;
  serve(app: Koa): Promise<Browser>;
}

/**
 * A fault of koa-session that is mended. The same body runs against both packages: it must pass with sojourn, and one
 * of its assertions must fail with koa-session 7, or the fault is none.
 */
export function mended(behaviour: string, body: (bench: Bench) => Promise<void>): void {
  test(behaviour, t => body(benchFor(sojourn, t)));
  test(`koa-session does not: ${behaviour}`, async t => {
    await assert.rejects(body(benchFor(koaSession7, t)), error => {
      if (error instanceof AssertionError) return true;
      throw error;
    });
  });
}

/** What an app does the same with both packages: the body must pass with either. */
export function alike(behaviour: string, body: (bench: Bench) => Promise<void>): void {
  for (const sessionPackage of [sojourn, koaSession7]) {
    test(`${behaviour} (${sessionPackage.name})`, t => body(benchFor(sessionPackage, t)));
  }
}

export function benchFor(sessionPackage: SessionPackage, t: TestContext): Bench {
  return {
    ...sessionPackage,
    t,
    visit: (options, routes) => serve(t, appWith(sessionPackage.createSession, options, routes)),
    serve: app => serve(t, app),
  };
}
