import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, test } from 'node:test';
import { redisStore } from 'sojourn/redis';
import { newSession, successorOf } from './sessions.js';

describe('an ioredis client whose connection is lost, and which sends the command again', () => {
  test('a refusal is no answer: the command may have been done the first time', async () => {
    await assert.rejects(update({ lost: true, known: true, answer: 'no' }), /sent the command again/);
  });

  test('a refusal by a server started anew, which had to learn the script before, is no answer either', async () => {
    await assert.rejects(update({ lost: true, known: false, answer: 'no' }), /sent the command again/);
  });

  test('what was done was done, though', async () => {
    assert.equal(await update({ lost: true, known: true, answer: 'yes' }), true);
    assert.equal(await update({ lost: true, known: false, answer: 'yes' }), true);
  });

  test('without a loss a refusal is an answer', async () => {
    assert.equal(await update({ lost: false, known: true, answer: 'no' }), false);
    assert.equal(await update({ lost: false, known: false, answer: 'no' }), false);
  });
});

interface Course {
  /** Whether the connection is lost before the first reply. */
  readonly lost: boolean;
  /** Whether the server that replies knows the script. */
  readonly known: boolean;
  readonly answer: 'yes' | 'no';
}

function update({ lost, known, answer }: Course): Promise<boolean> {
  const client = Object.assign(new EventEmitter(), {
    async call(command: string): Promise<unknown> {
      if (command === 'evalsha' && lost) client.emit('close');
      if (command === 'evalsha' && !known) throw new Error('NOSCRIPT No matching script. Please use EVAL.');
      return answer;
    },
  });
  const session = newSession();
  return redisStore(client).update('key', successorOf(session), { version: session.version });
}
