import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { scaled } from '../service/load.js';
import { Service } from '../service/service.js';
import { Ledger } from './ledger.js';
import { LIMIT } from './limit.js';
import { endureWithoutLoss, type Trial } from './trial.js';

const connections = async () => 0;

test('a disk that is full: a typed error, what is there can be read and ended, and room is all it takes', {
  timeout: LIMIT,
}, async t => {
  await endureWithoutLoss(t, newStore(t), { connections, fault: fillDisk });
});

async function fillDisk({ service, ledger }: Trial): Promise<void> {
  const visitor = service.visitor();
  await visitor.get('sign-in');
  await service.ask('maxPages', { pages: await service.ask('pages') });
  let answer = await service.visitor().get('sign-in');
  for (let i = 0; answer.status === 200 && i < 500; i++) answer = await service.visitor().get('sign-in');
  assert.equal(answer.status, 503);
  assert.equal((answer.json as { code: string }).code, 'ERR_SESSION_STORE');

  await ledger.append(scaled(2000, 200), { mayFail: true });
  assert.deepEqual((await visitor.get('read')).json, { user: 'ann', c: 1 });
  assert.equal((await visitor.get('logout')).status, 200);
  assert.deepEqual((await visitor.get('read')).json, {});
  await service.ask('maxPages', { pages: 1_000_000 });
}

test('a process that is killed under load: what it acknowledged is there for the others, at once', {
  timeout: LIMIT,
}, async t => {
  const store = newStore(t);
  const witness = await Service.start({ store });
  t.after(() => witness.stop());
  for (let i = 0; i < scaled(10, 2); i++) {
    const victim = await Service.start({ store });
    const ledger = await Ledger.open(victim, witness);
    ledger.work();
    await delay(300 + Math.random() * 300);
    await victim.stop();
    await ledger.rest();
    t.diagnostic(`${ledger.counts.acknowledged} acknowledged`);
    await ledger.verify();
  }
});

function newStore(t: TestContext): { kind: 'sqlite'; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-faults-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return { kind: 'sqlite', file: join(folder, 'sessions.db') };
}
