/** What is used of the official driver's `Collection`. */
export interface MongoCollection {
  findOne(filter: object, options: object): Promise<object | null>;
  find(filter: object, options: object): AsyncIterable<object>;
  countDocuments(filter: object, options: object): Promise<number>;
  insertOne(document: object): Promise<unknown>;
  updateOne(filter: object, update: object): Promise<Matched>;
  updateMany(filter: object, update: object): Promise<Matched>;
  deleteOne(filter: object): Promise<unknown>;
  createIndexes(indexes: object[]): Promise<unknown>;
}

interface Matched {
  readonly matchedCount: number;
}

/** An index as `createIndexes` takes it. */
export interface MongoIndex {
  readonly name: string;
  readonly key: Readonly<Record<string, 1 | -1>>;
  readonly expireAfterSeconds?: number;
}

/** One removes what has expired; two find sessions other than by key. */
export const INDEXES: readonly MongoIndex[] = [
  { name: 'sojourn_expiry', key: { deleteAt: 1 }, expireAfterSeconds: 0 },
  { name: 'sojourn_handle', key: { handle: 1 } },
  { name: 'sojourn_owner', key: { owner: 1, signedInAt: -1, handle: -1 } },
];

/** A secondary may lag behind, so all reads go to the primary. */
export const PRIMARY = { readPreference: 'primary' } as const;

/** Whether an insert failed because its `_id` is taken. */
export function isDuplicate(error: unknown): boolean {
  return Object(error).code === 11_000;
}
