import { readFileSync } from 'node:fs';

/** @import { Middleware } from 'koa' */

const files = new Map(
  ['style.css', 'icon.svg', 'live.js'].map(name => [
    `/${name}`,
    readFileSync(new URL(`assets/${name}`, import.meta.url)),
  ]),
);

/**
 * Serves the files that the pages load.
 *
 * @type {Middleware}
 */
export function assets(ctx, next) {
  const file = files.get(ctx.path);
  if (!file) return next();
  ctx.type = ctx.path.slice(ctx.path.lastIndexOf('.'));
  ctx.set('Cache-Control', 'public, max-age=300');
  ctx.body = file;
}
