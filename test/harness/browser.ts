import { AssertionError } from 'node:assert';
import { once } from 'node:events';
import { createServer, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type Koa from 'koa';
import { parseSetCookie, type SetCookie } from './cookies.js';

/** How long a response may take. What hangs must fail a test, and not stop it. */
const PATIENCE = 5000;

export interface Visit {
  /** The whole `Cookie` header, in place of the browser's own cookies. */
  readonly cookie?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly method?: string | undefined;
  readonly form?: Readonly<Record<string, string>> | undefined;
}

/** A response, read to its end. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  readonly cookies: readonly SetCookie[];

  constructor(response: Response, body: string) {
    this.status = response.status;
    this.headers = response.headers;
    this.body = body;
    this.cookies = response.headers.getSetCookie().map(parseSetCookie);
  }

  /** The cookie of this name that the response sets. */
  cookie(name = 'koa.sess'): SetCookie | undefined {
    return this.cookies.find(cookie => cookie.name === name);
  }

  get json(): unknown {
    return JSON.parse(this.body);
  }
}

/** A visitor's browser: it keeps the cookies of one site, until they expire. */
export class Browser {
  readonly base: string;
  readonly cookies: Map<string, SetCookie> = new Map();
  readonly #patience: number;

  /** @param patience ms that a response may take */
  constructor(base: string, patience: number = PATIENCE) {
    this.base = base;
    this.#patience = patience;
  }

  /** Another visitor of the same site. */
  stranger(): Browser {
    return new Browser(this.base, this.#patience);
  }

  /** A visitor who has the same cookies at this moment. */
  copy(): Browser {
    const other = this.stranger();
    for (const [name, cookie] of this.cookies) other.cookies.set(name, cookie);
    return other;
  }

  /** @throws an AssertionError where no response comes */
  async get(path = '', visit: Visit = {}): Promise<Answer> {
    const { cookie = this.cookieHeader, headers, method, form } = visit;
    const request = {
      redirect: 'manual',
      headers: { ...(cookie && { cookie }), ...headers },
      signal: AbortSignal.timeout(this.#patience),
      ...(method && { method }),
      ...(form && { body: new URLSearchParams(form) }),
    } as const;
    const answer = await this.#answer(path, request);
    this.receive(answer);
    return answer;
  }

  /** Keeps the cookies that a response sets, as `get` does by itself. */
  receive({ cookies }: Answer): void {
    for (const cookie of cookies) this.cookies.set(cookie.name, cookie);
  }

  post(path: string, form: Readonly<Record<string, string>>, visit: Visit = {}): Promise<Answer> {
    return this.get(path, { ...visit, method: 'POST', form });
  }

  get cookieHeader(): string {
    return [...this.cookies.values()]
      .filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt > Date.now())
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  async #answer(path: string, request: RequestInit): Promise<Answer> {
    try {
      const response = await fetch(`${this.base}/${path}`, request);
      return new Answer(response, await response.text());
    } catch (error) {
      const cause = (error as Error).cause ?? error;
      throw new AssertionError({ message: `no answer to /${path}: ${cause}` });
    }
  }
}

/** Serves an app until the test ends, and answers a visitor of it. */
export async function serve(t: TestContext, app: Koa, options: ServerOptions = {}): Promise<Browser> {
  const server = createServer(options, app.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
