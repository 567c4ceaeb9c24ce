// Both kinds of source in one program: one `ctx.session`, with the data that each declares, and one set of types.
import Koa = require('koa');
import required = require('sojourn');

import type * as imported from 'sojourn' with { 'resolution-mode': 'import' };

new Koa().use(ctx => {
  const views: number | undefined = ctx.session.views;
  const theme: string | undefined = ctx.session.theme;
  return [views, theme];
});

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** What is required is what is imported: the function, and beside it every value, none missing and none more. */
type Named<Exports> = { [Name in Exclude<keyof Exports, 'default' | 'session'>]: Exports[Name] };

const callable: typeof imported.session = required;
const call: Same<Parameters<typeof required>, Parameters<typeof imported.session>> = true;
const named: Same<Named<typeof required>, Named<typeof imported>> = true;
const session: Same<required.Session, imported.Session> = true;
const options: Same<required.SessionOptions, imported.SessionOptions> = true;
const manager: Same<required.SessionManager, imported.SessionManager> = true;
const info: Same<required.SessionInfo, imported.SessionInfo> = true;
export = { callable, call, named, session, options, manager, info };
