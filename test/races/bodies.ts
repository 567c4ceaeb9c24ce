import assert from 'node:assert/strict';
import type { Answer, Browser } from '../harness/browser.js';
import { atOnce } from '../service/load.js';
import { type Arena, afterwards, type Runner, race, visitor, WIDTH, withQuery } from './arena.js';

/** Every one of the increments of one session counts, and once. */
export async function increments(arena: Arena, count: number): Promise<void> {
  const browser = visitor(arena);
  await get(browser, 'sign-in');
  await atOnce(WIDTH, count, async index => {
    await race({ services: [arena.services[index % arena.services.length] as never] }, browser, [
      { path: 'increment', hold: 0 },
    ]);
  });
  assert.deepEqual(await dataOf(browser), { user: 'ann', c: 1, count });
}

/** One request sets a, one sets b, one deletes c: none of it is lost. */
export async function merges(arena: Arena, rounds: number): Promise<void> {
  await inRounds(rounds, 3, async index => {
    const browser = visitor(arena, index);
    await get(browser, 'sign-in');
    await race(arena, browser, [
      { path: 'set?name=a', hold: 6 },
      { path: 'set?name=b', hold: 6 },
      { path: 'delete?name=c', hold: 6 },
    ]);
    assert.deepEqual(await dataOf(browser), { user: 'ann', a: true, b: true });
  });
}

/** What a logout meets under way. */
export const OVERTAKEN: readonly string[] = [
  'write',
  'replace',
  'append?id=1',
  'append-slowly?id=1',
  'roll',
  'touch',
  'save',
  'regenerate',
  'logout',
];

/**
 * A logout while other requests are under way: in whatever order they end and their responses arrive, the session is
 * over.
 */
export async function logouts(arena: Arena, rounds: number): Promise<void> {
  const liveBefore = await live(arena);
  await inRounds(rounds, 3, async index => {
    for (let tries = 0; !(await logout(arena, index)); tries++)
      assert.ok(tries < 10, 'no logout came in time');
  });
  assert.equal(await live(arena), liveBefore, 'no session is live in the store');
}

/** False where the logout itself came after the session's new key, and so found nobody: there was no race. */
async function logout(arena: Arena, index: number): Promise<boolean> {
  const browser = visitor(arena, index);
  await get(browser, 'sign-in');
  // What comes after the logout finds nobody signed in, and begins no session of its own.
  const paths = ['logout', overtaken(index), overtaken(index * 2 + 1)].map(path =>
    withQuery(path, 'for=ann'),
  );
  const runners = withOneNewIdentity(paths.map(slow));
  const answers = await race(arena, browser, runners);
  const hasRaced = answers.some(({ body }, i) => body !== 'nobody' && runners[i]?.path.startsWith('logout'));
  for (const after of afterwards(arena, browser, answers)) {
    if (hasRaced) assert.deepEqual(await dataOf(after), {});
    else await get(after, 'logout');
  }
  assert.deepEqual(await dataOf(browser), {}, 'with the cookie that was there before');
  return hasRaced;
}

function overtaken(index: number): string {
  return OVERTAKEN[index % OVERTAKEN.length] as string;
}

/** Beside a new key, a second new identity is a sign-in: it goes on in a session of its own, as a double click must. */
function withOneNewIdentity(runners: readonly Runner[]): Runner[] {
  const [regenerating] = runners.filter(({ path }) => path.startsWith('regenerate'));
  if (!regenerating) return [...runners];
  return [...runners.filter(({ path }) => !/^re(generate|place)/.test(path)), regenerating];
}

/** How apps sign a visitor in. */
export const LOGINS: readonly string[] = [
  'login-by-assigning',
  'login-by-regenerating',
  'login-after-regenerating',
  'login-by-starting-anew',
];

/** A double-clicked login, with an anonymous session or none: whichever response comes last, the visitor is in. */
export async function logins(arena: Arena, rounds: number): Promise<void> {
  await inRounds(rounds, 2, async index => {
    const browser = visitor(arena, index);
    if (index % 2 === 0) await get(browser, 'visit-anonymously');
    const path = LOGINS[(index >> 1) % LOGINS.length] as string;
    const answers = await race(arena, browser, [slow(path), slow(path)]);
    for (const after of afterwards(arena, browser, answers))
      assert.equal((await dataOf(after)).user, 'ann', path);
  });
}

/** How many sign in at once. */
const CROWD = 50;

/** Many sign in to one account at once: exactly so many sessions as are allowed are live, and those work. */
export function crowds(policy: 'end-oldest' | 'refuse', limit: number) {
  return async (arena: Arena, rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      const name = `${policy}-${limit}-${round}`;
      const browsers = Array.from({ length: CROWD }, (_, index) => visitor(arena, index));
      const statuses = await Promise.all(
        browsers.map(async (browser, index) => {
          // Every second one has a session already.
          if (index % 4 < 2) await get(browser, 'visit-anonymously');
          return (await browser.get(`login-by-assigning?as=${name}`)).status;
        }),
      );
      const refused = policy === 'refuse' ? CROWD - limit : 0;
      assert.equal(statuses.filter(status => status === 409).length, refused);
      assert.equal(statuses.filter(status => status === 200).length, CROWD - refused);
      assert.equal((await get(visitor(arena), `live?of=${name}`)).body, String(limit));
      const users = await Promise.all(browsers.map(async browser => (await dataOf(browser)).user));
      assert.equal(users.filter(user => user === name).length, limit, 'those sessions work');
    }
  };
}

function slow(path: string): Runner {
  return { path, hold: 6 };
}

function inRounds(
  rounds: number,
  requestsEach: number,
  round: (index: number) => Promise<void>,
): Promise<void> {
  return atOnce(Math.ceil(WIDTH / requestsEach), rounds, round);
}

async function live(arena: Arena): Promise<number> {
  return Number((await get(visitor(arena), 'live')).body);
}

async function dataOf(browser: Browser): Promise<Record<string, unknown>> {
  return (await get(browser, 'read')).json as Record<string, unknown>;
}

async function get(browser: Browser, path: string): Promise<Answer> {
  const answer = await browser.get(path);
  assert.equal(answer.status, 200, `${path} answered ${answer.status}: ${answer.body}`);
  return answer;
}
