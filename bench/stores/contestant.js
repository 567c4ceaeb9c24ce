/** One contestant in one scenario, on a server in a process of its own: `run.js` forks it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { contestants } from './contestants.js';

/** @type {import('./contestants.js').Task} */
const task = JSON.parse(process.argv[2] ?? '{}');
const entrant = await contestants[task.contestant](task);
// Visitors wait for their turn on connections that are open.
const patience = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };
const server = createServer(patience, entrant.answer).listen(0, '127.0.0.1');
await once(server, 'listening');

/** @type {Record<string, () => number>} */
const answers = {
  statements: () => entrant.statements?.() ?? 0,
  /** Microseconds of the processor's time, for the application and for the system in its service. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};
process.on('message', (/** @type {any} */ { command }) => process.send?.(answers[command]?.()));
process.once('disconnect', async () => {
  await entrant.remove();
  process.exit();
});
process.send?.(server.address());
