import type { TestContext } from 'node:test';
import type { SessionOptions } from 'sojourn';
import { appWith, type Routes } from './app.js';
import { type Browser, serve } from './browser.js';
import { sojourn } from './packages.js';

/** Options as a test gives them: those of an app whose data may be anything. */
// biome-ignore lint/suspicious/noExplicitAny: the functions among them take whatever data
export type TestOptions = SessionOptions<any>;

/** Serves an app of these routes that has a session, until the test ends; answers a visitor of it. */
export function visit(t: TestContext, options: TestOptions, routes: Routes): Promise<Browser> {
  return serve(t, appWith(sojourn.createSession, options, routes));
}
