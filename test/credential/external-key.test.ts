import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bareApp } from '../harness/app.js';
import { inside } from '../harness/inside.js';
import { contextOf } from './context.js';

interface ExternalKey {
  get(ctx: object): unknown;
  set(ctx: object, key: string): unknown;
  clear?(ctx: object): unknown;
}
interface Credential {
  readonly isCookie: boolean;
  readonly cookieNames: readonly string[];
  read(ctx: object): unknown;
  others(ctx: object): readonly unknown[];
  requireUsable(ctx: object): void;
  requireWritable(ctx: object, attributes: object): void;
  write(ctx: object, issue: object, options: object): unknown;
  clear(ctx: object, attributes: object): unknown;
}
const { externalKeyCredential } = await inside<{
  externalKeyCredential(externalKey: ExternalKey): Credential;
}>('credential/external-key');

test('the app’s own key is read as it is, and what is no text is none', async () => {
  for (const [value, reading] of [
    ['key', { value: 'key', isStale: false }],
    ['', 'absent'],
    [undefined, 'absent'],
    [null, 'absent'],
    [5, 'absent'],
  ] as const) {
    const credential = externalKeyCredential({ get: () => value, set: () => {} });
    assert.deepEqual(await credential.read({}), reading);
    const slow = externalKeyCredential({ get: async () => value, set: () => {} });
    assert.deepEqual(await slow.read({}), reading);
  }
});

test('the app sets and clears its key, and no cookie is set', async () => {
  const told: unknown[] = [];
  const ctx = contextOf(bareApp());
  const credential = externalKeyCredential({
    get: () => undefined,
    set: async (...args) => {
      await null;
      told.push(args);
    },
    clear: async (...args) => {
      await null;
      told.push(args);
    },
  });
  await credential.write(ctx, { value: 'key' }, {});
  assert.deepEqual(told, [[ctx, 'key']]);
  await credential.clear(ctx, {});
  assert.deepEqual(told, [[ctx, 'key'], [ctx]]);
  await externalKeyCredential({ get: () => undefined, set: () => {} }).clear(ctx, {});
  assert.deepEqual([credential.isCookie, credential.cookieNames, credential.others(ctx)], [false, [], []]);
  credential.requireUsable(ctx);
  credential.requireWritable(ctx, { secure: true });
});
