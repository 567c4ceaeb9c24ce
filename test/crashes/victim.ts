/**
 * A process that serves the site until a driver call at which it dies. Its first message names the store; each later
 * one the site's options, and the crash.
 */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CrashSpec, openStore } from './clients.js';
import { type Crash, Fuse } from './fuse.js';
import { type SiteOptions, siteOn } from './site.js';

process.on('disconnect', () => process.exit());

const [spec] = (await once(process, 'message')) as [CrashSpec];
const fuse = new Fuse();
const { store } = await openStore(spec, fuse);
// Connects, and creates the table.
await store.find('nobody');

let serve: RequestListener = () => {};
const server = createServer((request, response) => serve(request, response)).listen(0, '127.0.0.1');
await once(server, 'listening');

process.on('message', ({ options, crash }: { options: SiteOptions; crash: Crash }) => {
  serve = siteOn(store, options).app.callback();
  fuse.light(crash);
  process.send?.('lit');
});
process.send?.((server.address() as AddressInfo).port);
