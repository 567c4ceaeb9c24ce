import { setTimeout as delay } from 'node:timers/promises';
import type { Ctx, Routes } from '../harness/app.js';
import type { CountingStore } from './stores.js';

/**
 * What the service can be asked. A request with `?hold=` waits so many ms after its session was loaded and before it
 * does anything, so that others get between. One with `?for=` does nothing unless that user is signed in.
 */
export function routesOver(store: CountingStore): Routes {
  return mapped(
    {
      read: ctx => ({ ...ctx.session }),
      live: ctx => store.count(ctx.query.of ? String(ctx.query.of) : undefined),

      'sign-in': ctx => {
        ctx.session = { user: 'ann', c: 1 };
      },
      'visit-anonymously': ctx => {
        ctx.session.visited = true;
      },

      increment: ctx => ctx.session.update(count),
      // Unlike a count, a list tells which change is there, and how often.
      append: ctx => ctx.session.update(append(String(ctx.query.id))),
      'append-slowly': ctx => ctx.session.update(appendSlowly(ctx)),

      set: ctx => {
        ctx.session[String(ctx.query.name)] = true;
      },
      delete: ctx => {
        delete ctx.session[String(ctx.query.name)];
      },
      write: ctx => {
        ctx.session.written = Math.random();
      },
      replace: ctx => {
        ctx.session = { ...ctx.session, replaced: true };
      },
      roll: ctx => {
        ctx.sessionOptions.rolling = true;
      },
      touch: ctx => ctx.session.touch(),
      save: ctx => ctx.session.save(),
      regenerate: ctx => ctx.session.regenerate(),
      logout: ctx => {
        ctx.session = null;
      },

      'login-by-assigning': ctx => {
        ctx.session = { user: String(ctx.query.as ?? 'ann') };
      },
      'login-by-regenerating': async ctx => {
        ctx.session.user = 'ann';
        await ctx.session.regenerate();
      },
      // As Passport does it.
      'login-after-regenerating': async ctx => {
        await ctx.session.regenerate();
        ctx.session.user = 'ann';
      },
      'login-by-starting-anew': ctx => {
        ctx.session = null;
        ctx.session = { user: 'ann' };
      },
    },
    held,
  );
}

interface Data {
  count?: number;
  ids?: string[];
}

function count(data: Data): void {
  data.count = (data.count ?? 0) + 1;
}

function append(id: string): (data: Data) => void {
  return data => {
    data.ids = [...(data.ids ?? []), id];
  };
}

function appendSlowly({ query }: Ctx): (data: Data) => Promise<void> {
  return async data => {
    await delay(Number(query.hold ?? 0));
    append(String(query.id))(data);
  };
}

function mapped(routes: Routes, wrap: (handler: Routes[string]) => Routes[string]): Routes {
  return Object.fromEntries(Object.entries(routes).map(([path, handler]) => [path, wrap(handler)]));
}

function held(handler: Routes[string]): Routes[string] {
  return async ctx => {
    const { hold = 0, for: user } = ctx.query;
    if (user && ctx.session?.user !== user) return 'nobody';
    if (Number(hold) > 0) await delay(Number(hold));
    return (await handler?.(ctx)) ?? 'ok';
  };
}
