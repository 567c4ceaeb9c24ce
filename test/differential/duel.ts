import { koaSession7, type SessionPackage, sojourn } from '../harness/packages.js';
import { setTime, timeNow } from './clock.js';
import { compareOutcomes, type Mismatch } from './compare.js';
import { type Described, describeOutcome, withNames } from './describe.js';
import { type Found, find } from './found.js';
import type { Mode } from './mode.js';
import type { Presented } from './present.js';
import { TestServer } from './server.js';
import type { Step } from './step.js';
import { World } from './world.js';

/** One step, as both packages took it. */
export interface Round {
  readonly mode: Mode;
  readonly step: Step;
  readonly at: number;
  /** What the client's credential stood for when the request came. */
  readonly found: Found;
  readonly koa: Described;
  readonly ours: Described;
  readonly mismatches: readonly Mismatch[];
}

/** What is played to both. */
export interface Visit {
  readonly mode: Mode;
  readonly steps: readonly Step[];
  /** What koa-session is given in place of a step. @default the step itself */
  readonly mend?: (step: Step, mode: Mode) => Step;
}

const same = (step: Step): Step => step;

/** The two packages side by side. */
export class Duel {
  readonly #koaSession: SessionPackage;
  readonly #servers = { koa: new TestServer(), ours: new TestServer() };

  constructor(koaSession: SessionPackage = koaSession7) {
    this.#koaSession = koaSession;
  }

  async start(): Promise<this> {
    await Promise.all([this.#servers.koa.start(), this.#servers.ours.start()]);
    return this;
  }

  stop(): void {
    this.#servers.koa.stop();
    this.#servers.ours.stop();
  }

  /**
   * Plays a sequence to both, from nothing. After a step that leaves them in different states, one goes on from where
   * the other is: koa-session from sojourn's state, then sojourn from koa-session's, in turn.
   */
  async play({ mode, steps, mend = same }: Visit, judge: (round: Round) => void): Promise<void> {
    const koa = new World(mode, this.#koaSession, this.#servers.koa);
    const ours = new World(mode, sojourn, this.#servers.ours);
    let exchanges = 0;
    for (const step of steps) {
      const round = await playStep(koa, ours, step, mend(step, mode));
      judge(round);
      if (!round.mismatches.some(isOfState)) continue;
      if (exchanges++ % 2 === 0) koa.adopt(ours);
      else ours.adopt(koa);
    }
  }
}

/** What the next step would inherit. */
function isOfState({ where }: Mismatch): boolean {
  return /^(?:dropped|lines|cookie|signature|held|header\.x-session-key)/.test(where);
}

async function playStep(koa: World, ours: World, step: Step, mended: Step): Promise<Round> {
  const at = timeNow() + step.wait;
  setTime(at);
  const presented = koa.prepare(mended);
  const found = find(presented, { ...koa, held: koa.store.held, at });
  const theirs = await playIn(koa, mended, presented);
  const own = await playIn(ours, step, ours.prepare(step));
  return {
    mode: koa.mode,
    step,
    at,
    found: withNamedKey(found, koa),
    koa: theirs,
    ours: own,
    mismatches: compareOutcomes(theirs, own),
  };
}

async function playIn(world: World, step: Step, presented: Presented): Promise<Described> {
  const outcome = await world.play(step, presented);
  const { mode, keys, names, turn } = world;
  return describeOutcome(outcome, { mode, keys, names, turn, presented });
}

function withNamedKey(found: Found, { names }: World): Found {
  return JSON.parse(withNames(JSON.stringify(found), names));
}
