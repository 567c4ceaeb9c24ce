/** A call that a store got. */
export interface StoreCall {
  readonly verb: 'get' | 'set' | 'destroy';
  readonly key: string;
  readonly maxAge?: unknown;
  readonly options: { readonly ctx?: unknown; readonly rolling?: unknown; readonly changed?: unknown };
}

type Options = StoreCall['options'];

/** A store for koa-session that keeps JSON text, as a database would, and remembers what it was asked. */
export class RecordStore {
  readonly texts: Map<string, string> = new Map();
  readonly calls: StoreCall[] = [];

  async get(key: string, maxAge: unknown, options: Options): Promise<unknown> {
    this.calls.push({ verb: 'get', key, maxAge, options });
    return this.record(key);
  }

  async set(key: string, record: object, maxAge: unknown, options: Options): Promise<void> {
    this.calls.push({ verb: 'set', key, maxAge, options });
    this.put(key, record);
  }

  async destroy(key: string, options: Options): Promise<void> {
    this.calls.push({ verb: 'destroy', key, options });
    this.texts.delete(key);
  }

  /** Keeps a record without a call. */
  put(key: string, record: unknown): void {
    this.texts.set(key, JSON.stringify(record));
  }

  record(key: string): Record<string, unknown> | undefined {
    const text = this.texts.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  get keys(): string[] {
    return [...this.texts.keys()];
  }

  get verbs(): string[] {
    return this.calls.map(call => call.verb);
  }

  callsOf(verb: StoreCall['verb']): StoreCall[] {
    return this.calls.filter(call => call.verb === verb);
  }

  forgetCalls(): void {
    this.calls.length = 0;
  }
}
