import assert from 'node:assert/strict';

/** What a prototype has: it must have no more when all is done. */
const PROTOTYPES = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Error.prototype];

const namesOf = () => PROTOTYPES.flatMap(prototype => Reflect.ownKeys(prototype).map(String)).join();
const namesBefore = namesOf();

export function assertUnpolluted(): void {
  assert.equal(namesOf(), namesBefore);
}
