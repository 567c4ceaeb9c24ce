/** A reporter of `node:test` for the process that runs the tests: it emits what becomes of each, in order. */
import { EventEmitter } from 'node:events';

/** Emits `failure`, and an event by the name of each test that is over. */
export const outcomes = new EventEmitter();

export default async function* report(events) {
  for await (const { type, data } of events) {
    if (type !== 'test:fail' && type !== 'test:pass') continue;
    if (type === 'test:fail') outcomes.emit('failure', `${data.name}: ${messageOf(data.details.error)}`);
    outcomes.emit(`end of ${data.name}`);
    yield `${type} ${data.name}\n`;
  }
}

function messageOf(error) {
  return String(error?.cause?.message ?? error?.message);
}
