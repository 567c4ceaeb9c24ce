// What `@types/koa-session` adds to Koa, which comes with `@types/koa-redis`.
import 'koa';

interface LooseSession {
  inspect(): object;
  [name: string]: unknown;
}

declare module 'koa' {
  interface BaseContext {
    session: LooseSession | null;
    readonly sessionOptions: { key: string } | undefined;
  }
}
