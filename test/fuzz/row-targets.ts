import type { Arbitrary } from 'fast-check';
import { MINUTE } from '../deadlines/kinds.js';
import { missing as missingRedis } from '../stores/redis-servers.js';
import { changeJson } from './changes.js';
import { type RowInput, rowInputs } from './row-inputs.js';
import {
  koaPlace,
  memoryPlace,
  type Place,
  type Row,
  redisPlace,
  sealedMemoryPlace,
  sqlitePlace,
} from './row-places.js';
import { Site } from './site.js';
import { dataIn, type Expected, judge, objectIn, type Target, type Way } from './target.js';

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'rows in memory': () => memoryPlace(),
  'sealed rows in memory': sealedMemoryPlace,
  'rows in SQLite': () => sqlitePlace(true),
  'rows in SQLite without types': () => sqlitePlace(false),
  ...(missingRedis ? {} : { 'rows in Redis': redisPlace }),
  'records of koa-session': koaPlace,
};

if (missingRedis) console.log(`rows in Redis are left out: ${missingRedis}`);

export function rowTargets(): Promise<Target[]> {
  return Promise.all(Object.entries(PLACES).map(([name, open]) => RowTarget.open(name, open)));
}

interface Kept {
  readonly key: string;
  readonly row: Row;
}

class RowTarget implements Target {
  readonly name: string;
  readonly inputs: Arbitrary<RowInput> = rowInputs;
  readonly #place: Place;
  readonly #site: Site;
  readonly #kept: Kept[] = [];
  readonly #issued = new Set<string>();
  #now = Date.UTC(2030, 0);

  static async open(name: string, open: () => Promise<Place>): Promise<RowTarget> {
    const target = new RowTarget(name, await open());
    for (const user of ['ann', 'bob', 'eve']) await target.#keep({ user });
    await target.#keep({ user: 'ida', text: 'i'.repeat(2000), list: [1, { a: null }] });
    target.#now += 5 * MINUTE;
    return target;
  }

  private constructor(name: string, place: Place) {
    this.name = name;
    this.#place = place;
    this.#site = new Site({ ...place.options, signed: false, clock: () => this.#now }, ['key']);
  }

  async strike(input: RowInput, way: Way): Promise<void> {
    const { key, row } = this.#at(input.from);
    const changed = this.#changed(row, input);
    const place = await this.#place.put(key, changed, input.text);
    const visit = { method: input.method, cookie: `koa.sess=${place}` };
    const outcome = await (way === 'over HTTP' ? this.#site.visitOverHttp(visit) : this.#site.visit(visit));
    judge(outcome, this.#expected(changed, input));
  }

  async close(): Promise<void> {
    this.#site.close();
    await this.#place.close();
  }

  async #keep(data: object): Promise<void> {
    const [cookie] = await this.#site.issue(data);
    const key = cookie?.value ?? '';
    this.#kept.push({ key, row: await this.#place.read(key) });
    this.#issued.add(JSON.stringify(data));
  }

  #at(index: number): Kept {
    return this.#kept[index % this.#kept.length] as Kept;
  }

  #changed(row: Row, { data, changes, fields }: RowInput): Row {
    const text: string = JSON.parse(this.#at(data).row.data ?? '""');
    const changed = JSON.stringify(changes.reduce(changeJson, text));
    return { ...row, data: changed, ...Object.fromEntries(fields.map(({ name, to }) => [name, to])) };
  }

  /** Who can write into the database decides what the sessions hold, unless they are sealed. */
  #expected({ data = '""' }: Row, { text }: RowInput): Expected {
    if (this.name.startsWith('sealed')) return this.#issued;
    if (text) return 'anything';
    const kept = JSON.parse(data);
    const json = typeof kept === 'string' ? kept : JSON.stringify(kept);
    const found = this.name.includes('koa-session') ? dataIn(json) : objectIn(json);
    return new Set([...this.#issued, found]);
  }
}
