import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sqliteStore } from 'sojourn/sqlite';
import { Accounts } from './accounts/accounts.js';
import { createApp } from './app.js';
import { openDatabase } from './database.js';

const PORT = process.env.PORT ?? '3000';

// The key, the sessions and the accounts are for this process's own user to read.
process.umask(0o077);

const sessionFile = await openDatabase(beside('sessions.db'));
const accountFile = await openDatabase(beside('accounts.db'));
const store = sqliteStore(sessionFile, { tune: true });
const accounts = new Accounts(accountFile);

const stopping = new AbortController();
// Each page that is open listens to it.
setMaxListeners(0, stopping.signal);

const app = createApp({ keys: [signingKey()], store, accounts, stopping: stopping.signal });
const server = app.listen(Number(PORT), '127.0.0.1');

server.on('listening', announce);
server.on('error', refuseToStart);
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

/** The key that signs the cookies: from the environment, or made at the first start and kept beside this file. */
function signingKey() {
  if (process.env.SESSION_KEY) return process.env.SESSION_KEY;
  const file = beside('.key');
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  return readFileSync(file, 'utf8');
}

/** @param {string} name */
function beside(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}

function announce() {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  console.log(`The example of sojourn is at http://127.0.0.1:${port}`);
}

/** @param {NodeJS.ErrnoException} error */
function refuseToStart(error) {
  console.error(
    error.code === 'EADDRINUSE' ? `Port ${PORT} is taken. Choose another one: PORT=3001 npm start` : error,
  );
  process.exitCode = 1;
}

/** Answers the requests that are under way, and closes the files after them. */
function stop() {
  stopping.abort();
  server.close(async () => {
    await store.close();
    sessionFile.close();
    accountFile.close();
  });
}
