import fc, { type Arbitrary } from 'fast-check';
import {
  type FieldChange,
  type JsonChange,
  jsonChange,
  setting,
  type TextChange,
  textChange,
} from './changes.js';
import { METHODS, type Method } from './site.js';

/** What is done to a row that a store keeps, by who can write into the database. */
export interface RowInput {
  /** Which row it is. */
  readonly from: number;
  /** Whose data it gets: those of another row are not always its own. */
  readonly data: number;
  readonly changes: readonly JsonChange[];
  /** Bookkeeping beside the data: names, and what they are set to, as JSON. */
  readonly fields: readonly FieldChange[];
  /** What is done to the text that the store keeps, or to that of its data. */
  readonly text: TextChange | null;
  readonly method: Method;
}

/** The fields of a koa-session record's own. */
const IN_DATA = ['_expire', '_maxAge', '_session', '_data', '_created', '_seen', '_handle'];

/** The fields of a row of ours, and what rows have beside what the contract names. */
const BESIDE = [
  'data',
  'version',
  'generation',
  'handle',
  'owner',
  'device',
  'authenticatedAt',
  'maxAge',
  'createdAt',
  'savedAt',
  'lastSeenAt',
  'expiresAt',
  'ended',
  'endedAt',
  'endedReason',
  'format',
];

export const rowInputs: Arbitrary<RowInput> = fc
  .record({
    from: fc.nat(3),
    swap: fc.option(fc.nat(3), { freq: 1 }),
    changes: fc.array(jsonChange(...IN_DATA), { maxLength: 3 }),
    fields: fc.array(setting(...BESIDE), { maxLength: 3 }),
    text: fc.option(textChange, { freq: 1 }),
    method: fc.constantFrom(...METHODS),
  })
  .map(({ swap, ...input }) => ({ ...input, data: swap ?? input.from }));
