import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { Browser } from '../harness/browser.js';
import { handlesOf, type Scene, type Standing, standingOf, type Witness } from './books.js';
import { type CrashSpec, openStore } from './clients.js';
import type { Crash } from './fuse.js';
import type { Operation } from './operations.js';
import { type SiteOptions, siteOn } from './site.js';
import { Victims } from './victims.js';

/** What is there before, after each crash in their order, and after the operation when it was left alone. */
export interface Outcome {
  readonly before: Standing;
  readonly crashed: readonly Standing[];
  readonly after: Standing;
}

/** Finds out what is there, and throws where that must not be. */
type Check = (witness: Witness, scene: Scene) => Promise<Standing>;

/** Cuts operations on one store short, at every driver call. */
export class Trial {
  readonly #spec: CrashSpec;
  readonly #victims: Victims;
  #scenes = 0;

  constructor(spec: CrashSpec) {
    this.#spec = spec;
    this.#victims = new Victims(spec);
  }

  async crashEverywhere(
    operation: Operation,
    moment: Crash['moment'],
    options: SiteOptions & { readonly check?: Check } = {},
  ): Promise<Outcome> {
    const { check = standingOf, ...witnessOptions } = { ...operation.options, ...options };
    const run = async (at: number) => {
      const { before, scene, path } = await this.#stage(operation);
      const crash = { at, moment };
      const attempt = { visitor: scene.visitor, path, options: operation.options ?? {}, crash };
      const isDead = await this.#victims.attempt(attempt);
      const standing = await this.#witnessed(witnessOptions, witness => check(witness, scene));
      return { before, isDead, standing };
    };
    const { before, standing: after } = await run(NEVER);
    const crashed: Standing[] = [];
    for (let at = 1; ; at++) {
      const { isDead, standing } = await run(at);
      if (!isDead) return { before, crashed, after };
      crashed.push(standing);
    }
  }

  end(): Promise<void> {
    return this.#victims.end();
  }

  /** An account of its own, and those who are signed in to it. */
  async #stage(operation: Operation): Promise<{ before: Standing; scene: Scene; path: string }> {
    const number = ++this.#scenes;
    const [account, mark] = [`account-${number}`, `mark-${number}`];
    const { visitor: kind, devices } = operation;
    const stranger = await this.#witnessed({ hasOwners: kind !== 'unlisted' }, async witness => {
      const browser = witness.receive(new Browser(''));
      if (kind === 'anonymous') await browser.get(`visit?mark=${mark}`);
      else if (kind !== 'stranger') await browser.get(`login?as=${account}&mark=${mark}`);
      return browser;
    });
    return this.#witnessed({}, async witness => {
      const visitor = witness.receive(stranger);
      for (let i = 0; i < devices; i++) await visitor.stranger().get(`login?as=${account}`);
      const others = (await handlesOf(witness, account)).slice(0, devices);
      const scene = { account, mark, visitor };
      return {
        before: kind === 'unlisted' ? UNLISTED : await standingOf(witness, scene),
        scene,
        path: operation.path({ account, mark, others }),
      };
    });
  }

  /** Asks the site, by a connection that is made for it. */
  async #witnessed<T>(options: SiteOptions, ask: (witness: Witness) => Promise<T>): Promise<T> {
    const { store, close } = await openStore(this.#spec);
    const { app, sessions } = siteOn(store, options);
    const server = createServer(app.callback()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const receive = ({ cookies }: Browser) => {
      const guest = new Browser(base, 30_000);
      for (const [name, cookie] of cookies) guest.cookies.set(name, cookie);
      return guest;
    };
    try {
      return await ask({ store, sessions, receive, now: () => Date.now() + (options.ahead ?? 0) });
    } finally {
      server.close();
      server.closeAllConnections();
      await close();
    }
  }
}

const NEVER = 0;

/** Where lists and sessions need not agree yet. */
const UNLISTED: Standing = { listed: Number.NaN, key: 'signed in', marked: 1 };

/** What a crash left that is neither what was before nor what would have been after. */
export function between({ before, crashed, after }: Outcome): Standing[] {
  assert.notDeepEqual(before, after, 'the operation does something');
  return crashed.filter(each => !isDeepStrictEqual(each, before) && !isDeepStrictEqual(each, after));
}
