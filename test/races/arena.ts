import assert from 'node:assert/strict';
import type { Answer, Browser } from '../harness/browser.js';
import { orders } from '../service/load.js';
import type { Service } from '../service/service.js';

/** The processes that race on one store. */
export interface Arena {
  readonly services: readonly Service[];
}

/** How many requests are under way at once. */
export const WIDTH = 16;

/** A request of a race: which path it asks for, and how many ms it waits once its session is loaded, at most. */
export interface Runner {
  readonly path: string;
  readonly hold: number;
}

/** A visitor of one of the services. */
export function visitor({ services }: Arena, index = 0): Browser {
  const service = services[index % services.length];
  assert.ok(service);
  return service.visitor();
}

/** Sends requests at once, with the cookies that the browser has now, to one service after the other. */
export async function race(arena: Arena, browser: Browser, runners: readonly Runner[]): Promise<Answer[]> {
  return Promise.all(
    runners.map(async ({ path, hold }, i) => {
      const tab = sameBrowser(browser, visitor(arena, i));
      const answer = await tab.get(withQuery(path, `hold=${Math.round(Math.random() * hold)}`));
      assert.equal(answer.status, 200, `${path} answered ${answer.status}: ${answer.body}`);
      return answer;
    }),
  );
}

/** The browser as it can be afterwards: one for each outcome of the orders in which the responses may arrive. */
export function afterwards(arena: Arena, browser: Browser, answers: readonly Answer[]): Browser[] {
  const outcomes = new Map<string, Browser>();
  for (const order of orders(answers)) {
    const after = sameBrowser(browser, visitor(arena, outcomes.size));
    for (const answer of order) after.receive(answer);
    outcomes.set(after.cookieHeader, after);
  }
  return [...outcomes.values()];
}

export function withQuery(path: string, query: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${query}`;
}

function sameBrowser(browser: Browser, visiting: Browser): Browser {
  for (const [name, cookie] of browser.cookies) visiting.cookies.set(name, cookie);
  return visiting;
}

export async function conflictsIn({ services }: Arena): Promise<number> {
  const counts = await Promise.all(services.map(service => service.ask('conflicts')));
  return counts.reduce((sum, count) => sum + count, 0);
}
