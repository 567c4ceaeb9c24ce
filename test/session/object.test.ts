import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { inside } from '../harness/inside.js';

type Data = Record<string, unknown>;
type SessionObject = Data & {
  save(callback?: (error?: unknown) => void): Promise<void>;
  regenerate(callback?: (error?: unknown) => void): Promise<void>;
  manuallyCommit(callback?: (error?: unknown) => void): Promise<void>;
  commit(callback?: (error?: unknown) => void): Promise<void>;
  update(change: (data: Data) => unknown): Promise<boolean>;
  touch(): Promise<void>;
  toJSON(): Data;
  inspect(): Data;
};
const { SessionObject, dataIn, replaceData } = await inside<{
  SessionObject: {
    new (host: object, data: Data): SessionObject;
    is(value: unknown): boolean;
    handleOf(session: object): string | undefined;
    prototype: object;
  };
  dataIn(session: object): Data;
  replaceData(session: object, data: Data): void;
}>('session/session');

/** A request that notes what it is asked for. */
class Host {
  readonly asked: string[] = [];
  readonly isNew = true;
  readonly handle = 'the handle';
  error: Error | undefined;
  #maxAge: unknown = 5000;

  get maxAge(): unknown {
    return this.#maxAge;
  }

  set maxAge(maxAge: unknown) {
    this.asked.push(`maxAge ${maxAge}`);
    this.#maxAge = maxAge;
  }

  resetMaxAge(): void {
    this.asked.push('reset maxAge');
  }

  externalKey(): string {
    return 'the key';
  }

  async commit(force?: string): Promise<void> {
    this.asked.push(`commit ${force}`);
    if (this.error) throw this.error;
  }

  async update(change: (data: Data) => unknown): Promise<boolean> {
    this.asked.push(`update ${change({})}`);
    return true;
  }
}

/** Names that a session answers for itself, or that objects have anyway. */
const NAMES = [
  'isNew',
  'length',
  'populated',
  'maxAge',
  'externalKey',
  'constructor',
  '__proto__',
  'toString',
];

function begin(data: Data = {}): { host: Host; session: SessionObject } {
  const host = new Host();
  return { host, session: new SessionObject(host, data) };
}

describe('a session object', () => {
  test('shows what its request knows of it, and how many data it has', () => {
    const { session } = begin({ user: 'ann', b: 1 });
    const { isNew, length, populated, maxAge, externalKey } = session;
    assert.deepEqual(
      { isNew, length, populated, maxAge, externalKey },
      { isNew: true, length: 2, populated: true, maxAge: 5000, externalKey: 'the key' },
    );
    assert.equal(SessionObject.handleOf(session), 'the handle');
    assert.deepEqual([begin().session.length, begin().session.populated], [0, false]);
  });

  test('hands its lifetime on, and null or undefined as a way back', () => {
    const { host, session } = begin();
    session.maxAge = 10;
    assert.equal(session.maxAge, 10);
    session.maxAge = 0;
    session.maxAge = null;
    session.maxAge = undefined;
    assert.deepEqual(host.asked, ['maxAge 10', 'maxAge 0', 'reset maxAge', 'reset maxAge']);
    assert.deepEqual(dataIn(session), {});
  });

  test('asks its request to save, each method in its own way', async () => {
    const { host, session } = begin();
    await session.save();
    await session.regenerate();
    await session.manuallyCommit();
    await session.commit();
    await session.touch();
    assert.equal(await session.update(() => 'changed'), true);
    assert.deepEqual(host.asked, [
      'commit save',
      'commit regenerate',
      'commit undefined',
      'commit undefined',
      'commit touch',
      'update changed',
    ]);
  });

  for (const method of ['save', 'regenerate', 'manuallyCommit', 'commit'] as const) {
    test(`${method}() tells its callback alone how it went`, async () => {
      const { host, session } = begin();
      const told: unknown[][] = [];
      await session[method]((...args) => told.push(args));
      host.error = new Error('the store failed');
      await session[method]((...args) => told.push(args));
      assert.deepEqual(told, [[], [host.error]]);
      await assert.rejects(session[method](), host.error);
      await assert.rejects(session[method]('no function' as never), host.error);
    });
  }

  test('is told from all else', () => {
    assert.ok(SessionObject.is(begin().session));
    for (const value of [undefined, null, 'text', 5, {}, Object.create(begin().session)])
      assert.equal(SessionObject.is(value), false);
  });

  test('shows its data alone', () => {
    const { session } = begin({ user: 'ann' });
    assert.deepEqual(session.toJSON(), { user: 'ann' });
    assert.deepEqual(session.inspect(), { user: 'ann' });
    assert.equal(inspect(session), "{ user: 'ann' }");
    assert.notEqual(session.toJSON(), session);
    assert.equal(session.constructor, SessionObject);
    assert.equal(Reflect.get(session, '__proto__'), SessionObject.prototype);
  });
});

describe('data of any name', () => {
  const data = JSON.parse(`{${NAMES.map((name, index) => `"${name}":${index}`)}}`) as Data;
  const whole = (value: unknown): object => ({ value, writable: true, enumerable: true, configurable: true });

  test('are own properties of a session', () => {
    const { host, session } = begin(data);
    assert.deepEqual(Object.keys(session), NAMES);
    for (const [index, name] of NAMES.entries())
      assert.deepEqual(Object.getOwnPropertyDescriptor(session, name), whole(index));
    assert.equal(JSON.stringify(dataIn(session)), JSON.stringify(data));
    assert.equal(Object.getPrototypeOf(session), SessionObject.prototype);
    assert.deepEqual(host.asked, []);
  });

  test('can be assigned, but for the lifetime', () => {
    const { session } = begin();
    for (const name of NAMES) session[name] = 1;
    const names = NAMES.filter(name => name !== 'maxAge');
    assert.deepEqual(Object.keys(session), names);
    for (const name of names) assert.deepEqual(Object.getOwnPropertyDescriptor(session, name), whole(1));
  });

  test('take the place of all that was there', () => {
    const { session } = begin({ user: 'ann', length: 5 });
    replaceData(session, { cart: 1, populated: 'yes' });
    assert.deepEqual(Object.entries(session), [
      ['cart', 1],
      ['populated', 'yes'],
    ]);
  });
});

test('what answers for itself can be redefined', () => {
  for (const name of ['isNew', 'length', 'populated', 'externalKey', 'constructor', '__proto__'])
    assert.equal(Object.getOwnPropertyDescriptor(SessionObject.prototype, name)?.configurable, true, name);
});
