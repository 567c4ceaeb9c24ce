import { createRequire } from 'node:module';
import type Koa from 'koa';
import type { Middleware } from 'koa';
import { koaSession7, type SessionPackage } from '../harness/packages.js';

const require = createRequire(import.meta.url);

/** It has no types of its own; what it exports is the function itself. */
const session = require('koa-session-6') as (options: object, app: Koa) => Middleware;

/** koa-session 6, which many apps still run. */
export const koaSession6: SessionPackage = {
  ...koaSession7,
  createSession: (app, options = {}) => session(options, app),
};
