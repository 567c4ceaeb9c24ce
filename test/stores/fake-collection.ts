import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

type Document = Record<string, unknown>;

/**
 * As much of a MongoDB collection as the store uses, in memory: for machines that have no server. It shows that the
 * store's own logic holds, one document at a time being changed atomically; it shows nothing of MongoDB itself. What
 * it does not know it refuses.
 */
export class FakeCollection {
  readonly documents = new Map<string, Document>();
  readonly indexes: object[] = [];

  async findOne(filter: object): Promise<Document | null> {
    await setImmediate();
    return structuredClone(this.#matching(filter)[0] ?? null);
  }

  async *find(filter: object, options: object): AsyncGenerator<Document> {
    await setImmediate();
    const { sort = {}, limit = Number.POSITIVE_INFINITY } = options as { sort?: object; limit?: number };
    const found = this.#matching(filter).sort(byFields(Object.entries(sort)));
    yield* structuredClone(found.slice(0, limit));
  }

  async countDocuments(filter: object): Promise<number> {
    await setImmediate();
    return this.#matching(filter).length;
  }

  async insertOne(document: object): Promise<void> {
    await setImmediate();
    const { _id } = document as Document;
    const key = JSON.stringify(_id);
    if (this.documents.has(key))
      throw Object.assign(new Error('E11000 duplicate key error'), { code: 11_000 });
    this.documents.set(key, structuredClone(document as Document));
  }

  async updateOne(filter: object, update: object): Promise<{ matchedCount: number }> {
    await setImmediate();
    return change(this.#matching(filter).slice(0, 1), update);
  }

  async updateMany(filter: object, update: object): Promise<{ matchedCount: number }> {
    await setImmediate();
    return change(this.#matching(filter), update);
  }

  async deleteOne(filter: object): Promise<void> {
    await setImmediate();
    const [document] = this.#matching(filter);
    if (document) this.documents.delete(JSON.stringify(document._id));
  }

  async createIndexes(indexes: object[]): Promise<void> {
    await setImmediate();
    this.indexes.push(...indexes);
  }

  #matching(filter: object): Document[] {
    return [...this.documents.values()].filter(document => matches(document, filter));
  }
}

function matches(document: Document, filter: object): boolean {
  return Object.entries(filter).every(([path, condition]) => {
    if (path === '$or') return (condition as object[]).some(each => matches(document, each));
    return fits(valueAt(document, path), condition);
  });
}

const OPERATORS: Readonly<Record<string, (value: unknown, operand: never) => boolean>> = {
  $gt: (value, operand) => (value as number) > operand,
  $lt: (value, operand) => (value as number) < operand,
  $ne: (value, operand) => !fits(value, operand),
  $in: (value, operand: unknown[]) => operand.some(each => fits(value, each)),
  $nin: (value, operand: unknown[]) => !operand.some(each => fits(value, each)),
};

function fits(value: unknown, condition: unknown): boolean {
  const [operator = '', ...others] = isPlain(condition) ? Object.keys(condition) : [];
  // Null is what is not there, too.
  if (!operator.startsWith('$')) return isDeepStrictEqual(value ?? null, condition);
  const test = OPERATORS[operator];
  if (!test || others.length > 0)
    throw new Error(`this fake knows no condition ${JSON.stringify(condition)}`);
  return test(value, (condition as Document)[operator] as never);
}

function valueAt(document: Document, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, field) => (isPlain(value) ? value[field] : undefined), document);
}

function isPlain(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

const CHANGES: Readonly<Record<string, (document: Document, field: string, operand: unknown) => void>> = {
  $set: (document, field, operand) => {
    document[field] = structuredClone(operand);
  },
  $unset: (document, field) => {
    delete document[field];
  },
  $max: (document, field, operand) => {
    if ((operand as number) > (document[field] as number)) document[field] = operand;
  },
  $pull: (document, field, operand) => {
    document[field] = (document[field] as Document[]).filter(each => !matches(each, operand as object));
  },
};

function change(documents: readonly Document[], update: object): { matchedCount: number } {
  for (const document of documents) {
    for (const [operator, fields] of Object.entries(update)) {
      const apply = CHANGES[operator];
      if (!apply) throw new Error(`this fake knows no ${operator}`);
      for (const [field, operand] of Object.entries(fields as object)) apply(document, field, operand);
    }
  }
  return { matchedCount: documents.length };
}

function byFields(sort: readonly [field: string, direction: number][]): (a: Document, b: Document) => number {
  return (a, b) => {
    for (const [field, direction] of sort) {
      const [one, other] = [a[field] as number, b[field] as number];
      if (one !== other) return one < other ? -direction : direction;
    }
    return 0;
  };
}
