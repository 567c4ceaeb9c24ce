import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type Koa from 'koa';
import { bareApp, type Ctx } from '../harness/app.js';
import { parseSetCookie, type SetCookie } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import type { TestOptions } from '../harness/visit.js';
import { type Connection, connectTo } from './connection.js';

/** What a client sends. */
export interface Visit {
  readonly method: Method;
  readonly cookie: string;
}

/** Reads the session; changes it; ends it. */
export type Method = 'GET' | 'PUT' | 'DELETE';
export const METHODS: readonly Method[] = ['GET', 'PUT', 'DELETE'];

/** What became of it. */
export interface Outcome {
  readonly status: number;
  readonly cookies: readonly SetCookie[];
  /** The session's data as the app found them, as JSON. */
  readonly data: string;
  readonly errors: readonly (Error & { code?: string })[];
}

/** A server whose only page looks at the session. It is asked within the process, or over HTTP. */
export class Site {
  readonly #app: Koa;
  readonly #handle: ReturnType<Koa['callback']>;
  readonly #socket = new Sink() as unknown as Socket;
  #connection: Connection | undefined;
  #data = '{}';
  #errors: Error[] = [];
  /** What a PUT puts into the session. */
  #toPut: object = {};

  constructor(options: TestOptions, keys: readonly string[]) {
    this.#app = bareApp();
    this.#app.keys = [...keys];
    this.#app.on('error', error => this.#errors.push(error));
    this.#app.use(sojourn.createSession(this.#app, options));
    this.#app.use(context => this.#look(context as unknown as Ctx));
    this.#handle = this.#app.callback();
  }

  /** The cookies that a visitor gets with these data. */
  async issue(data: object): Promise<readonly SetCookie[]> {
    const { cookies } = await this.visit({ method: 'PUT', cookie: '' }, data);
    return cookies;
  }

  visit(visit: Visit, toPut: object = { written: true }): Promise<Outcome> {
    this.#toPut = toPut;
    return this.#observe(() => this.#within(visit));
  }

  visitOverHttp({ method, cookie }: Visit): Promise<Outcome> {
    return this.#observe(async () => {
      this.#connection ??= await connectTo(this.#app);
      const [response] = await this.#connection.send([{ method, headers: { cookie } }]);
      const { status = 0, head = '' } = response ?? {};
      return { status, lines: [...head.matchAll(/^set-cookie: (.*)$/gim)].map(([, line = '']) => line) };
    });
  }

  close(): void {
    this.#connection?.close();
  }

  #look(ctx: Ctx): void {
    this.#data = JSON.stringify({ ...ctx.session });
    ctx.body = JSON.stringify(ctx.sessionInfo);
    if (ctx.method === 'PUT') Object.assign(ctx.session, this.#toPut);
    if (ctx.method === 'DELETE') ctx.session = null;
  }

  async #observe(send: () => Promise<{ status: number; lines: readonly string[] }>): Promise<Outcome> {
    this.#data = 'not seen';
    this.#errors = [];
    const { status, lines } = await send();
    return { status, cookies: lines.map(parseSetCookie), data: this.#data, errors: this.#errors };
  }

  /** Node's own request and response, over a socket that goes nowhere: a hundred times as many inputs a second. */
  #within({ method, cookie }: Visit): Promise<{ status: number; lines: readonly string[] }> {
    return new Promise(resolve => {
      const req = new IncomingMessage(this.#socket);
      Object.assign(req, { method, url: '/', httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 });
      req.headers = { host: 'localhost', cookie };
      const res = new ServerResponse(req);
      res.assignSocket(this.#socket);
      res.on('finish', () => {
        res.detachSocket(this.#socket);
        resolve({ status: res.statusCode, lines: [res.getHeader('set-cookie') ?? []].flat().map(String) });
      });
      this.#handle(req, res);
    });
  }
}

/** Takes what a response writes, and keeps none of it. */
class Sink extends Duplex {
  override _read(): void {}

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done();
  }
}

/** A `Cookie` header of these pairs, as far as Node's parser lets it through. */
export function headerOf(pairs: readonly (readonly [name: string, value: string])[]): string {
  const header = pairs.map(([name, value]) => `${name}=${value}`).join('; ');
  return header.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?').trim();
}
