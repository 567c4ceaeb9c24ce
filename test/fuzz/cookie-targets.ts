import { sealed } from 'sojourn';
import { SECOND } from '../harness/clock.js';
import type { TestOptions } from '../harness/visit.js';
import { changeJson, changeText } from './changes.js';
import { type CookieInput, changePairs, cookieInputs } from './cookie-inputs.js';
import {
  type CookieScribe,
  type KeyName,
  keyOf,
  LIVE_KEYS,
  type Pair,
  sealing,
  signed,
  unsigned,
} from './cookie-scribe.js';
import { headerOf, Site } from './site.js';
import { dataIn, type Expected, judge, type Target, type Way } from './target.js';

const NAME = 'koa.sess';
const MINUTE = 60 * SECOND;
const DEADLINES: TestOptions = { idleTimeout: 30 * MINUTE, absoluteTimeout: 720 * MINUTE };

/** Sessions in cookies, of one kind. */
interface Kind {
  readonly scribe: CookieScribe;
  /** The options for a server that has these keys. */
  options(keys: readonly string[]): TestOptions;
}

const KINDS: Readonly<Record<string, Kind>> = {
  'plain cookies': { scribe: unsigned, options: () => ({ signed: false }) },
  'signed cookies': { scribe: signed, options: () => ({}) },
  'signed cookies, rolling': { scribe: signed, options: () => ({ rolling: true }) },
  'sealed cookies': { scribe: sealing, options: keys => ({ ...sealed(keys) }) },
  'sealed cookies beside plain ones': {
    scribe: sealing,
    options: keys => ({ ...sealed(keys, { acceptPlain: true }) }),
  },
  'plain cookies in chunks': { scribe: unsigned, options: () => ({ signed: false, oversize: 'chunk' }) },
  'signed cookies in chunks': { scribe: signed, options: () => ({ oversize: 'chunk' }) },
  'sealed cookies in chunks': { scribe: sealing, options: keys => ({ ...sealed(keys), oversize: 'chunk' }) },
  'signed cookies with stamps': { scribe: signed, options: () => DEADLINES },
  'sealed cookies with stamps': { scribe: sealing, options: keys => ({ ...sealed(keys), ...DEADLINES }) },
};

/** Cookies that a server of ours has issued. */
interface Issue {
  readonly pairs: readonly Pair[];
  /** The key that they were made with. */
  readonly key: KeyName;
  /** The data, where the server is to take them. */
  readonly data: string | undefined;
  /** The data of one that was not used for too long. */
  readonly idle?: string;
}

export function cookieTargets(): Promise<Target[]> {
  return Promise.all(Object.entries(KINDS).map(([name, kind]) => CookieTarget.open(name, kind)));
}

class CookieTarget implements Target {
  readonly name: string;
  readonly inputs = cookieInputs;
  readonly #kind: Kind;
  readonly #site: Site;
  readonly #issues: Issue[] = [];
  #now = Date.UTC(2030, 0);

  static async open(name: string, kind: Kind): Promise<CookieTarget> {
    const target = new CookieTarget(name, kind);
    await target.#issueAll();
    return target;
  }

  private constructor(name: string, kind: Kind) {
    this.name = name;
    this.#kind = kind;
    this.#site = this.#siteWith(['newest', 'older']);
  }

  async strike(input: CookieInput, way: Way): Promise<void> {
    const visit = { method: input.method, cookie: headerOf(this.#pairsOf(input)) };
    const outcome = await (way === 'over HTTP' ? this.#site.visitOverHttp(visit) : this.#site.visit(visit));
    judge(outcome, this.#expected(input));
  }

  async close(): Promise<void> {
    this.#site.close();
  }

  #siteWith(keys: readonly KeyName[], options: TestOptions = {}): Site {
    const values = keys.map(keyOf);
    return new Site({ ...this.#kind.options(values), clock: () => this.#now, ...options }, values);
  }

  async #issueAll(): Promise<void> {
    const large = this.#kind.options(LIVE_KEYS).oversize === 'chunk' ? 4000 : 1000;
    const older = this.#siteWith(['older']);
    const gone = this.#siteWith(['gone']);
    const elsewhere = this.#siteWith(['newest'], { key: 'koa.other' });
    const idle = await this.#issue(this.#site, 'newest', { user: 'ida' });
    this.#now += 120 * MINUTE;
    const isIdle = this.name.includes('stamps');
    this.#issues.push({ ...idle, ...(isIdle && { data: undefined, idle: idle.data as string }) });
    this.#issues.push(await this.#issue(this.#site, 'newest', { user: 'ann' }));
    this.#issues.push(await this.#issue(this.#site, 'newest', { user: 'bob', text: 'b'.repeat(large) }));
    this.#issues.push(await this.#issue(this.#site, 'newest', { user: 'eve', text: 'e'.repeat(large) }));
    this.#issues.push(await this.#issue(older, 'older', { user: 'old' }));
    this.#issues.push({ ...(await this.#issue(gone, 'gone', { user: 'gone' })), data: undefined });
    const moved = await this.#issue(elsewhere, 'newest', { user: 'other' });
    const pairs = moved.pairs.map(([name, value]): Pair => [name.replace('koa.other', NAME), value]);
    this.#issues.push({ ...moved, pairs, data: undefined });
  }

  /** A session that was used once after a while: where deadlines are set, its stamp says so. */
  async #issue(site: Site, key: KeyName, data: object): Promise<Issue> {
    const cookies = [...(await site.issue(data))];
    this.#now += 5 * MINUTE;
    const cookie = headerOf(cookies.map(({ name, value }) => [name, value]));
    const { cookies: stamps } = await site.visit({ method: 'GET', cookie });
    const newest = new Map([...cookies, ...stamps].map(({ name, value }) => [name, value]));
    return { pairs: [...newest], key, data: JSON.stringify(data) };
  }

  #pairsOf({ from, record, stamp, pairs: changes, signed: change }: CookieInput): readonly Pair[] {
    const { scribe } = this.#kind;
    const issue = this.#at(from);
    let pairs = issue.pairs;
    if (record) {
      const json = this.#recordOf(issue, record.changes);
      const beside = pairs.filter(([name]) => name.startsWith(`${NAME}.at`));
      pairs = [...scribe.write(json, NAME, record.key), ...beside];
    }
    if (stamp) {
      const subject = handleIn(this.#recordOf(this.#at(stamp.of), []));
      const others = pairs.filter(([name]) => !name.startsWith(`${NAME}.at`));
      pairs = [...others, ...scribe.sign(stamp.text + subject, `${NAME}.at`, stamp.key)];
    }
    const issued = this.#issues.map(({ pairs }) => pairs);
    for (const pairChange of changes) pairs = changePairs(pairs, pairChange, issued);
    if (!change) return pairs;
    const [, main = ''] = pairs.find(([name]) => name === NAME) ?? [];
    const others = pairs.filter(([name]) => name !== NAME && name !== `${NAME}.sig`);
    return [...scribe.sign(changeText(main, change), NAME, 'newest'), ...others];
  }

  #at(index: number): Issue {
    return this.#issues[index % this.#issues.length] as Issue;
  }

  #recordOf(issue: Issue, changes: readonly Parameters<typeof changeJson>[1][]): string {
    // A sealed cookie opens under its own name alone.
    const name =
      issue.data === undefined && issue.idle === undefined && issue.key === 'newest' ? 'koa.other' : NAME;
    const pairs = issue.pairs.map(([cookie, value]): Pair => [cookie.replace(NAME, name), value]);
    return changes.reduce(changeJson, this.#kind.scribe.read(pairs, name, issue.key));
  }

  /** What the app may find: what was issued to be taken, and what who had the right key has made of it. */
  #expected({ from, record, stamp, signed: change }: CookieInput): Expected {
    if (this.#kind.scribe === unsigned || change) return 'anything';
    const expected = new Set(this.#issues.flatMap(({ data }) => data ?? []));
    const isTrusted = (key: KeyName) => key !== 'gone';
    if (record && isTrusted(record.key)) expected.add(dataIn(this.#recordOf(this.#at(from), record.changes)));
    if (stamp && isTrusted(stamp.key)) {
      for (const { idle } of this.#issues) if (idle !== undefined) expected.add(idle);
    }
    return expected;
  }
}

function handleIn(record: string): string {
  return String(JSON.parse(record)._handle);
}
