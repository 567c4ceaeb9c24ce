import assert from 'node:assert/strict';
import type { SessionManager, SessionStore } from 'sojourn';
import type { Browser } from '../harness/browser.js';

/** An account, and a visitor whose data bear a mark. */
export interface Scene {
  readonly account: string;
  readonly mark: string;
  /** Has the key that it had before. */
  readonly visitor: Browser;
}

/** What there is of an account and of the visitor, as far as a crash may decide it. */
export interface Standing {
  /** How many sessions the account has. */
  readonly listed: number;
  /** What the visitor's key of before is good for. */
  readonly key: 'signed in' | 'anonymous' | 'dead';
  /** How many live sessions hold the visitor's data. */
  readonly marked: number;
}

/** The site over a connection that saw nothing of what was cut short. */
export interface Witness {
  readonly store: SessionStore;
  readonly sessions: SessionManager<object>;
  /** Epoch ms by the site's clock. */
  now(): number;
  /** A visitor of the witness, who has the same cookies. */
  receive(visitor: Browser): Browser;
}

/** @throws an AssertionError where lists and sessions do not agree */
export async function standingOf(witness: Witness, { account, mark, visitor }: Scene): Promise<Standing> {
  const listed = await handlesOf(witness, account);
  const live = await liveSessions(witness);
  const owned = live.filter(({ owner, data }) => owner === account || data.user === account);
  assert.equal(
    new Set(live.map(({ handle }) => handle)).size,
    live.length,
    'a session is live under two keys',
  );
  assert.deepEqual(listed.toSorted(), owned.map(({ handle }) => handle).sort(), 'what is listed is live');
  assert.ok(owned.every(({ owner, data }) => owner === account && data.user === account));
  assert.equal(await witness.sessions.count(account), listed.length, 'as many are counted as are listed');
  const read = await witness.receive(visitor).get('read');
  assert.deepEqual([read.status, read.cookies.length], [200, 0]);
  const data = read.json as Data;
  const marked = live.filter(each => each.data.mark === mark);
  assert.ok(data.mark === undefined || marked.length > 0, 'who has a key has a session');
  return {
    listed: listed.length,
    key: data.user ? 'signed in' : data.mark ? 'anonymous' : 'dead',
    marked: marked.length,
  };
}

/** The visitor tries again, with the key that they have, and gets in: after that all is as if nothing had happened. */
export async function signInAgain(
  witness: Witness,
  { account, mark, visitor }: Scene,
  limit = Infinity,
): Promise<void> {
  const again = witness.receive(visitor);
  assert.equal((await again.get(`login?as=${account}&mark=${mark}`)).status, 200);
  const { listed, key, marked } = await standingOf(witness, { account, mark, visitor: again });
  assert.equal(key, 'signed in');
  assert.ok(listed <= limit, `${listed} sessions, though ${limit} are allowed`);
  assert.ok(marked > 0);
}

/** Every listed session can be ended by its handle, and then there is none. */
export async function endAllByHandle(witness: Witness, { account, visitor }: Scene): Promise<void> {
  for (const handle of await handlesOf(witness, account)) {
    assert.equal(await witness.sessions.end(handle, { owner: account }), true, 'what is listed can be ended');
  }
  assert.deepEqual(await handlesOf(witness, account), []);
  assert.equal(await witness.sessions.count(account), 0);
  assert.equal(((await witness.receive(visitor).get('read')).json as Data).user, undefined);
}

export async function handlesOf({ sessions }: Witness, account: string): Promise<string[]> {
  const handles: string[] = [];
  let after: string | undefined;
  do {
    // Several pages.
    const page = await sessions.list(account, { limit: 2, after });
    handles.push(...page.map(({ handle }) => handle));
    after = page.next;
  } while (after !== undefined);
  return handles;
}

interface Data {
  readonly user?: string;
  readonly mark?: string;
}

async function liveSessions({ store, now }: Witness) {
  assert.ok(store.all);
  const live: { handle: string; owner: string | null; data: Data }[] = [];
  for await (const { handle, owner, data } of store.all({ now: now() }))
    live.push({ handle, owner, data: JSON.parse(data) });
  return live;
}
