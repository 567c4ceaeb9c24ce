import fc from 'fast-check';
import { MINUTE } from './mode.js';
import type { Operation, Presentation, Step } from './step.js';

/** What the sequences are drawn from. Weights keep the plain uses frequent and the odd ones present. */

const name = fc.constantFrom('a', 'b', 'user', 'list', 'é');

/** Two strings of one CRC-32, by which koa-session judges a change, are among them. */
const string = fc.constantFrom('', 'x', 'y', 'ünï', '😀', '"\\;,', 'htpqwklvynl', 'pojqhnulnxu');
const leaf = fc.oneof(string, fc.integer(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null));
const small: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: leaf },
  { weight: 2, arbitrary: fc.array(leaf, { maxLength: 3 }) },
  { weight: 2, arbitrary: fc.dictionary(name, leaf, { maxKeys: 3 }) },
);
const value = fc.oneof(
  { weight: 10, arbitrary: small },
  { weight: 1, arbitrary: fc.constant('long'.repeat(900)) },
);
const data = fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true });
const lifetime = fc.constantFrom<number | 'session' | null>(1000, MINUTE, 90_500, 0, 'session', null);

/** Never the very millisecond of a deadline, where the two differ. */
const ms = fc.constantFrom(1, 1, 1, 3, 1003, 31_003, MINUTE + 3, MINUTE + 5003, MINUTE + 20_003, 90_000_003);

const option = fc.constantFrom<Operation>(
  { does: 'option', name: 'maxAge', value: 5000 },
  { does: 'option', name: 'maxAge', value: 'session' },
  { does: 'option', name: 'path', value: '/elsewhere' },
  { does: 'option', name: 'domain', value: 'other.example' },
  { does: 'option', name: 'httpOnly', value: false },
  { does: 'option', name: 'sameSite', value: 'strict' },
  { does: 'option', name: 'rolling', value: true },
  { does: 'option', name: 'renew', value: true },
);

const does = <T extends Operation['does']>(...words: T[]) =>
  fc.constantFrom(...words.map(word => ({ does: word }) as unknown as Operation));

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: does('look') },
  { weight: 9, arbitrary: fc.record({ does: fc.constant('set'), name, value }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('delete'), name }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('nest'), name, value: leaf }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('replace'), data }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(data, fc.constantFrom(5000, 'session' as const))
      .map(([rest, maxAge]) => ({ does: 'replace' as const, data: { ...rest, maxAge } })),
  },
  { weight: 3, arbitrary: does('end') },
  { weight: 3, arbitrary: does('manuallyCommit', 'manuallyCommit', 'save') },
  { weight: 2, arbitrary: does('regenerate') },
  { weight: 2, arbitrary: does('key', 'respread') },
  { weight: 1, arbitrary: does('empty') },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('maxAge'), value: lifetime }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('assign'),
      value: fc.constantFrom<unknown>(undefined, 5, 'text', false),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('throw'), status: fc.constantFrom(undefined, 401, 404, 503) }),
  },
) as fc.Arbitrary<Operation>;

/** Records as an older version of the app may have left them, or another package: bookkeeping fields are missing. */
const bookkeeping = fc.constantFrom<object>(
  {},
  { _expire: 1 },
  { _expire: 4e12 },
  { _maxAge: 1000 },
  { _expire: 4e12, _maxAge: 5000 },
  { _session: true },
);
const record = fc
  .tuple(fc.dictionary(name, small, { maxKeys: 3, noNullPrototype: true }), bookkeeping)
  .map(([own, fields]) => ({ ...own, ...fields }));

const presentation: fc.Arbitrary<Presentation> = fc.oneof(
  { weight: 14, arbitrary: fc.constant({ as: 'browser' as const }) },
  { weight: 2, arbitrary: fc.constant({ as: 'hoarder' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ as: fc.constant('replay' as const), back: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Presentation>(
      { as: 'stranger' },
      { as: 'unsigned' },
      { as: 'tampered' },
      { as: 'foreign' },
      { as: 'renamed' },
    ),
  },
  { weight: 1, arbitrary: fc.record({ as: fc.constant('crafted' as const), content: record }) },
  {
    weight: 1,
    arbitrary: fc.record({
      as: fc.constant('garbage' as const),
      text: fc.constantFrom('garbage', '!', 'bm9uc2Vuc2U=', 'e30', 'eyJhIjox', '7b7d', '7b'),
    }),
  },
);

interface Drawn extends Step {
  readonly options: readonly Operation[];
}

/** Leaves out what is a difference from end to end; such steps have comparisons of their own. */
function arrange({ options, operations, ...rest }: Drawn): Step {
  const fitting = operations.filter(fitsFailure(rest.failing)).filter(isNotOutlived);
  return { ...rest, operations: [...options, ...readFirst(fitting)] };
}

/** koa-session does not look at the cookie of a session that is assigned to unread. */
function readFirst(operations: Operation[]): Operation[] {
  const isAssigned = operations.some(({ does }) => does === 'end' || does === 'replace');
  return isAssigned ? [{ does: 'read' }, ...operations] : operations;
}

/** Where all data are replaced, koa-session forgets that a lifetime was set before. */
function isNotOutlived(operation: Operation, index: number, operations: readonly Operation[]): boolean {
  const isLifetime =
    operation.does === 'maxAge' || (operation.does === 'replace' && 'maxAge' in operation.data);
  return (
    !isLifetime || !operations.slice(index + 1).some(({ does }) => does === 'replace' || does === 'respread')
  );
}

/** Where the packages call the store in another order, or for other reasons, they also fail at other points. */
function fitsFailure(failing: Step['failing']): (operation: Operation) => boolean {
  const simple = ['look', 'key', 'set', 'save', 'manuallyCommit', 'end', 'throw'];
  return ({ does }) => failing === undefined || failing === 'get' || simple.includes(does);
}

const rare = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 14, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const drawn = fc.record({
  wait: ms,
  present: presentation,
  isEarly: rare(fc.constant(true)),
  options: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(option, { maxLength: 2 }) },
  ),
  operations: fc.array(operation, { maxLength: 6 }),
  keys: rare(fc.constantFrom([1, 0], [1], [2, 1, 0], [0])),
  inStore: rare(record.map(content => ({ record: content }))),
  failing: rare(fc.constantFrom('get' as const, 'set' as const, 'destroy' as const)),
});

export const anyStep: fc.Arbitrary<Step> = drawn.map(arrange);

/** A visit: from a first request on, with the world that the one before it left. */
export const anySequence: fc.Arbitrary<Step[]> = fc.array(anyStep, { minLength: 1, maxLength: 8 });
