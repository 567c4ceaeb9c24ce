import type { Context } from 'koa';
import { chunkName, isChunkOf, join, MAX_CHUNKS, type Manifest, readManifest } from './chunks.js';
import { cookiesIn, isUntouched } from './stock-cookies.js';

const NONE: ReadonlyMap<string, string> = new Map();

/** The chunk cookies beside the main cookie of one name, in requests and responses. */
export class ChunkCookies {
  /** The names that they can have, numbered from 1. */
  readonly names: readonly string[];
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #prefix: string;
  /** How many this response already sets. */
  readonly #written = new WeakMap<Context, number>();

  constructor(name: string) {
    this.names = Array.from({ length: MAX_CHUNKS }, (_, index) => chunkName(name, index + 1));
    this.#indexes = new Map(this.names.map((chunk, index) => [chunk, index]));
    this.#prefix = `${name}.`;
  }

  /** The text that a main cookie's value stands for; undefined for a manifest if a chunk is missing. */
  textOf(ctx: Context, value: string): string | undefined {
    const manifest = readManifest(value);
    if (!manifest) return value;
    const asked = isUntouched(ctx) ? undefined : join(manifest, this.#ask(ctx, manifest));
    return asked ?? join(manifest, this.#find(ctx, manifest));
  }

  /**
   * What the response is to set beside the main cookie, by name: these chunks, and an empty text for other chunks that
   * the client has, or would have got with this same response.
   */
  toSet(ctx: Context, chunks: readonly string[]): ReadonlyMap<string, string> {
    const others = this.#others(ctx, chunks.length);
    if (chunks.length + others.length === 0) return NONE;
    this.#written.set(ctx, chunks.length);
    const values = new Map(others.map(name => [name, '']));
    for (const [index, chunk] of chunks.entries()) values.set(this.names[index] as string, chunk);
    return values;
  }

  /** The names beyond the first `count` for which the client has a chunk. */
  #others(ctx: Context, count: number): string[] {
    const others = this.names.slice(count, this.#written.get(ctx) ?? 0);
    if (this.#isAnyIn(ctx.req.headers.cookie)) {
      for (const [name] of cookiesIn(ctx)) if ((this.#indexes.get(name) ?? -1) >= count) others.push(name);
    }
    // The app's own `ctx.cookies` may use other names than the header shows.
    if (!isUntouched(ctx)) others.push(...this.#known(ctx, count));
    return others;
  }

  /** Most headers have none, and need not be parsed. */
  #isAnyIn(header = ''): boolean {
    let at = header.indexOf(this.#prefix);
    while (at !== -1 && !isDigit(header[at + this.#prefix.length])) at = header.indexOf(this.#prefix, at + 1);
    return at !== -1;
  }

  /** A request's `ctx.cookies` may be anything with `get` and `set`, and answer null. */
  #ask(ctx: Context, { count }: Manifest): (string | null | undefined)[] {
    return this.names.slice(0, count).map(name => ctx.cookies.get(name, { signed: false }));
  }

  /** If other paths left chunks of the same name, the one that fits the manifest counts. */
  #find(ctx: Context, manifest: Manifest): (string | undefined)[] {
    const chunks: (string | undefined)[] = [];
    for (const [name, value] of cookiesIn(ctx)) {
      const index = this.#indexes.get(name);
      if (index !== undefined && isChunkOf(manifest, value)) chunks[index] ??= value;
    }
    return chunks;
  }

  *#known(ctx: Context, count: number): Generator<string> {
    for (const name of this.names.slice(count)) {
      if (!ctx.cookies.get(name, { signed: false })) return;
      yield name;
    }
  }
}

function isDigit(character = ''): boolean {
  return character >= '0' && character <= '9';
}
