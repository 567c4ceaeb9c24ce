/** A process that increments the counter under `key` so many times, several at once: `client file times`. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { type SqliteDatabase, sqliteStore } from 'sojourn/sqlite';
import { successorOf } from './sessions.js';

const [client, file = '', times] = process.argv.slice(2);
const store = sqliteStore(client === 'node:sqlite' ? file : openBy(client), { tune: true });

function openBy(client = ''): SqliteDatabase {
  const Database = createRequire(import.meta.url)(client) as new (
    file: string,
    options: object,
  ) => SqliteDatabase;
  return new Database(file, { timeout: 0 });
}

async function increment(): Promise<void> {
  for (;;) {
    const found = await store.find('key');
    assert.ok(found && !found.ended);
    const next = successorOf(found, { data: String(Number(found.data) + 1) });
    if (await store.update('key', next, { version: found.version })) return;
    // The other process must get its turn, too.
    await new Promise(resolve => setTimeout(resolve, Math.random() * 2));
  }
}

for (let done = 0; done < Number(times); done += 8) {
  await Promise.all(Array.from({ length: Math.min(8, Number(times) - done) }, increment));
}
await store.close();
