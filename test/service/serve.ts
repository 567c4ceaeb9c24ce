/**
 * One process of the service that the tests of races and faults run: a Koa app on a port of its own, with its
 * sessions in the store that its first message names. A later message is a question, answered by a message.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import type Koa from 'koa';
import { bareApp, eventsOf, router } from '../harness/app.js';
import { sojourn } from '../harness/packages.js';
import { routesOver } from './routes.js';
import type { Answers, Question, ServiceOptions } from './service.js';
import { type OpenStore, openStore } from './stores.js';

const tell = (message: object): unknown => process.send?.(message);

for (const event of ['unhandledRejection', 'uncaughtException', 'warning'] as const) {
  process.on(event, (error: Error) => {
    // Node's own, of `node:sqlite`.
    if (error?.name === 'ExperimentalWarning') return;
    tell({ alarm: `${event}: ${error?.stack ?? error}` });
  });
}
process.on('disconnect', () => process.exit());

const [options] = (await once(process, 'message')) as [ServiceOptions];
const opened = await openStore(options.store);
const app = appOn(opened);
const conflicts = eventsOf(app, 'session:conflict');
const server = createServer(app.callback()).listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('message', async (question: Question) => tell({ answer: await answers[question.ask](question) }));
tell({ port: (server.address() as AddressInfo).port });

function appOn({ store }: OpenStore): Koa {
  const served = bareApp();
  served.use(typedErrors);
  const { storeTimeout, hasOwners, maxSessions } = options;
  const owner = hasOwners ? ({ user }: { user?: string }) => user : undefined;
  served.use(sojourn.createSession(served, { store, storeTimeout, owner, maxSessions }));
  served.use(router(routesOver(store)));
  return served;
}

/** Tells the client an error's status and code, so that the test sees whether it is one of ours. */
async function typedErrors(ctx: Koa.Context, next: Koa.Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    const { status = 500, code, message, cause } = error as Error & { status?: number; code?: string };
    ctx.status = status;
    ctx.body = { code, message, cause: String(cause) };
  }
}

const visits = promisify(server.getConnections.bind(server));

const answers: { [Ask in Question['ask']]: (question: Question) => Answers[Ask] | Promise<Answers[Ask]> } = {
  conflicts: () => conflicts.length,
  resources: async () => {
    const held = process.getActiveResourcesInfo();
    const count = (kind: string) => held.filter(name => name === kind).length;
    // The visitors' own connections do not count.
    return { timers: count('Timeout'), sockets: count('TCPSocketWrap') - (await visits()) };
  },
  maxPages: ({ pages = 0 }) => pragma(`max_page_count = ${pages}`),
  pages: () => pragma('page_count'),
};

function pragma(text: string): number {
  const [row] = opened.sqlite?.prepare(`PRAGMA ${text}`).all() ?? [];
  return Number(Object.values(row as object)[0]);
}
