import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const KB = 1024;
const MB = 1024 * KB;

/** What a single input may allocate, and what may be left of all of them. */
const MAX_ALLOCATED = 64 * MB;
const MAX_LEFT = 48 * MB;

/** What a single input may take, in terms of what a text of 64 KB takes at the least on this machine, now. */
const MAX_TIMES = 100;

/** So often is an input tried again that seems to take too long, and then the processor's time alone is counted. */
const TRIES = 5;

/** Watches over what inputs take: time, and memory. What the machine does besides must not fail a test. */
export class Limits {
  worst = 0;
  readonly #start: number;
  readonly #bound: number;

  constructor() {
    this.#bound = MAX_TIMES * yardstick();
    this.#start = heapLeft();
  }

  /** The worst that an input took, and what it may take, in ms. */
  get summary(): string {
    return `the worst input took ${this.worst.toFixed(1)} ms of ${this.#bound.toFixed(0)}`;
  }

  /** @param again does the same input once more */
  async watch<T>(work: () => Promise<T>, again: () => Promise<unknown>): Promise<T> {
    const heap = heapUsed();
    const start = performance.now();
    const result = await work();
    let time = performance.now() - start;
    const allocated = heapUsed() - heap;
    assert.ok(allocated < MAX_ALLOCATED, `an input allocated ${Math.round(allocated / MB)} MB`);
    for (let tries = 0; time > this.#bound && tries < TRIES; tries++) {
      const restart = process.cpuUsage();
      await again();
      time = Math.min(time, since(restart));
    }
    this.worst = Math.max(this.worst, time);
    assert.ok(time <= this.#bound, `an input took ${time.toFixed(0)} ms of ${this.#bound.toFixed(0)}`);
    return result;
  }

  /** When all is done. */
  assertNothingLeft(): void {
    const left = heapLeft() - this.#start;
    assert.ok(left < MAX_LEFT, `${Math.round(left / MB)} MB are left of the inputs`);
  }
}

/**
 * ms of the processor to decode, parse and sign 64 KB: the best of many tries, so that other processes do not count.
 */
function yardstick(): number {
  const text = Buffer.from(JSON.stringify(Array.from({ length: 12 * KB }, () => 123))).toString('base64');
  const tries = Array.from({ length: 50 }, () => {
    const start = process.cpuUsage();
    for (let i = 0; i < 10; i++) {
      JSON.stringify(JSON.parse(Buffer.from(text, 'base64').toString()));
      createHmac('sha1', 'key').update(text).digest('base64url');
    }
    return since(start) / 10;
  });
  return Math.min(...tries);
}

function since(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

function heapUsed(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

function heapLeft(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return heapUsed();
}
