import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sqliteStore } from 'sojourn/sqlite';
import { createApp } from './app.js';

const PORT = process.env.PORT ?? '3000';

// The key and the sessions are for this process's own user to read.
process.umask(0o077);

const store = sqliteStore(await database(beside('sessions.db')), { tune: true });
const server = createApp({ keys: [signingKey()], store }).listen(Number(PORT), '127.0.0.1');

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

/**
 * Node 22.13 and later have SQLite built in, and the store opens the file itself; for Node 20, libsql opens it.
 *
 * @param {string} file
 */
async function database(file) {
  if (process.getBuiltinModule('node:sqlite')) return file;
  const { default: Database } = await import('libsql');
  return new Database(file);
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

/** Answers the requests that are under way, and closes the store after them. */
function stop() {
  server.close(() => store.close());
}
