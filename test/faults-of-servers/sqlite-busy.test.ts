import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sqliteStore } from 'sojourn/sqlite';
import { sqliteDatabase } from '../service/sqlite-database.js';
import { newSession, successorOf } from '../stores/sessions.js';

test('what is written after a write that found the database locked is there for others at once', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-busy-'));
  const [ours, another] = [
    await sqliteDatabase(join(folder, 's.db')),
    await sqliteDatabase(join(folder, 's.db')),
  ];
  t.after(() => {
    for (const database of [ours, another]) database.close?.();
    rmSync(folder, { recursive: true });
  });
  const store = sqliteStore(ours, { tune: true, busyTimeout: 0 });
  const session = newSession();
  await store.insert('one', session);

  another.exec('BEGIN IMMEDIATE');
  await assert.rejects(store.update('one', successorOf(session), { version: session.version }), /locked/);
  another.exec('COMMIT');
  await store.insert('two', newSession());

  const witness = sqliteStore(another, { busyTimeout: 0 });
  assert.ok(await witness.find('two'));
  assert.equal((await witness.insert('three', newSession())).placed, true);
});
