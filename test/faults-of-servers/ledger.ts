import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser } from '../harness/browser.js';
import { until } from '../harness/until.js';
import { atOnce } from '../service/load.js';
import type { Service } from '../service/service.js';

/** What became of a request that appends an id to its session's list. */
type Fate = 'acknowledged' | 'failed' | 'lost';

interface Page {
  readonly browser: Browser;
  /** The same visitor at the witness. */
  readonly reader: Browser;
  /** By id, in the order in which the answers came. */
  readonly fates: Map<string, Fate>;
}

/** Requests at once, on a few sessions: so many that they overlap. */
const WIDTH = 16;
const SESSIONS = 4;

/**
 * Keeps the books on a service under load: each request appends an id of its own to the list of a session, and in
 * the end every id whose request was acknowledged must be in it, and none twice.
 */
export class Ledger {
  readonly #service: Service;
  readonly #pages: Page[] = [];
  #isLoading = false;
  #loading: Promise<void> = Promise.resolve();
  #nextId = 0;
  readonly #acknowledgedAt = new Map<string, number>();
  /** How long the slowest request took, in ms. */
  slowest = 0;

  private constructor(service: Service) {
    this.#service = service;
  }

  /** @param witness the service that tells what is there, where it is another */
  static async open(service: Service, witness: Service = service): Promise<Ledger> {
    const ledger = new Ledger(service);
    for (let i = 0; i < SESSIONS; i++) ledger.#pages.push(await newPage(service, witness));
    return ledger;
  }

  /** So many appends, which must all be acknowledged unless they `mayFail`. */
  async append(count: number, { mayFail = false } = {}): Promise<void> {
    await atOnce(WIDTH, count, async () => {
      const fate = await this.#append();
      assert.ok(mayFail || fate === 'acknowledged', `an append was ${fate}`);
    });
  }

  /** Appends all the time, until `rest`. */
  work(): void {
    this.#isLoading = true;
    const lane = async () => {
      // What fails at once is not tried again at once.
      while (this.#isLoading && !this.#service.isStopped)
        if ((await this.#append()) !== 'acknowledged') await delay(50);
    };
    this.#loading = Promise.all(Array.from({ length: WIDTH }, lane)).then(() => {});
    // Who rests is told.
    this.#loading.catch(() => {});
  }

  async rest(): Promise<void> {
    this.#isLoading = false;
    await this.#loading;
  }

  /** Waits until a number of requests in a row are acknowledged. @throws after so many ms */
  async untilServed(patience = 30_000): Promise<void> {
    const deadline = Date.now() + patience;
    for (let inRow = 0; inRow < 2 * SESSIONS; ) {
      inRow = (await this.#append()) === 'acknowledged' ? inRow + 1 : 0;
      assert.ok(Date.now() < deadline, `not served again within ${patience} ms`);
      if (inRow === 0) await delay(50);
    }
  }

  /** Waits until the sessions are not known any more. */
  untilLost(): Promise<void> {
    return until(async () => (await this.#append()) === 'lost');
  }

  /** What is in the lists. */
  allIds(): Promise<string[][]> {
    return Promise.all(this.#pages.map(({ reader }) => idsOf(reader)));
  }

  get counts(): Record<Fate, number> {
    const counts = { acknowledged: 0, failed: 0, lost: 0 };
    for (const { fates } of this.#pages) for (const fate of fates.values()) counts[fate]++;
    return counts;
  }

  /** Epoch ms. */
  acknowledgedAt(id: string): number | undefined {
    return this.#acknowledgedAt.get(id);
  }

  /** Ids that were acknowledged and are not there. @throws where one is there twice, or was never asked for */
  async missing(): Promise<string[]> {
    const missing: string[] = [];
    for (const { reader, fates } of this.#pages) {
      const ids = await idsOf(reader);
      assert.equal(new Set(ids).size, ids.length, `an id is there twice: ${repeated(ids)}`);
      for (const id of ids) assert.ok(fates.has(id), `nobody asked for ${id}`);
      const acknowledged = [...fates].filter(([, fate]) => fate === 'acknowledged');
      missing.push(...acknowledged.map(([id]) => id).filter(id => !ids.includes(id)));
    }
    return missing;
  }

  async verify(): Promise<void> {
    assert.deepEqual(await this.missing(), [], 'acknowledged, and not there');
    assert.equal(this.counts.lost, 0, 'no session was lost');
  }

  async #append(): Promise<Fate> {
    const id = String(this.#nextId++);
    const page = this.#pages[Number(id) % SESSIONS] as Page;
    const start = Date.now();
    // Until the answer is there, all that is known is that it was asked for.
    page.fates.set(id, 'failed');
    const answer = await page.browser.get(`append?for=ann&id=${id}`).catch(error => {
      if (!this.#service.isStopped) throw error;
    });
    this.slowest = Math.max(this.slowest, Date.now() - start);
    const fate = answer ? fateOf(answer.status, answer.body) : 'failed';
    page.fates.set(id, fate);
    if (fate === 'acknowledged') this.#acknowledgedAt.set(id, Date.now());
    return fate;
  }
}

async function newPage(service: Service, witness: Service): Promise<Page> {
  const browser = service.visitor();
  const reader = witness.visitor();
  reader.receive(await browser.get('sign-in'));
  return { browser, reader, fates: new Map() };
}

async function idsOf(browser: Browser): Promise<string[]> {
  const answer = await browser.get('read');
  assert.equal(answer.status, 200, answer.body);
  return (answer.json as { ids?: string[] }).ids ?? [];
}

function fateOf(status: number, body: string): Fate {
  if (status === 200) return body === 'true' ? 'acknowledged' : 'lost';
  assert.equal(status, 503, body);
  assert.equal(JSON.parse(body).code, 'ERR_SESSION_STORE', body);
  return 'failed';
}

function repeated(ids: readonly string[]): string[] {
  return ids.filter((id, i) => ids.indexOf(id) !== i);
}
