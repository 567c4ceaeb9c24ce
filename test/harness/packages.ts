import type Koa from 'koa';
import koaSession from 'koa-session';
import { session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { RecordStore } from './record-store.js';

/** A session package as the tests call it: `createSession(app, options)`. */
export type CreateSession = (app: Koa, options?: object) => Koa.Middleware;

/** One of the packages that a test can run against. */
export interface SessionPackage {
  readonly name: 'sojourn' | 'koa-session';
  readonly createSession: CreateSession;
  /** A store of the best kind that the package takes. */
  createStore(): object;
}

export const sojourn: SessionPackage = {
  name: 'sojourn',
  createSession: session as unknown as CreateSession,
  createStore: () => memoryStore(),
};

export const koaSession7: SessionPackage = {
  name: 'koa-session',
  createSession: (app, options) => koaSession(options as never, app),
  createStore: () => new RecordStore(),
};
