import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type Koa from 'koa';

/** A request as bytes: what a client library would not send. */
export interface RawRequest {
  readonly method: string;
  /** Header values, each character one byte. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface RawResponse {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** The largest header that the server of these tests takes. */
export const MOST_HEADER_BYTES = 1 << 20;

/** Serves an app on one connection that stays open; requests are pipelined, so that thousands take seconds. */
export async function connectTo(app: Koa): Promise<Connection> {
  // A machine that is busy with other things may let the connection lie idle for seconds.
  const options = { maxHeaderSize: MOST_HEADER_BYTES, keepAliveTimeout: 0 };
  const server = createServer(options, app.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  return new Connection(socket, () => {
    socket.destroy();
    server.close();
    server.closeAllConnections();
  });
}

export class Connection {
  readonly close: () => void;
  readonly #socket: Socket;
  #received = '';

  constructor(socket: Socket, close: () => void) {
    this.#socket = socket;
    this.close = close;
  }

  /** Sends the requests at once, and waits for all their responses. */
  async send(requests: readonly RawRequest[]): Promise<RawResponse[]> {
    for (const { method, headers } of requests) {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      this.#socket.write(`${method} / HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`, 'latin1');
    }
    const responses: RawResponse[] = [];
    while (responses.length < requests.length) responses.push(await this.#next());
    return responses;
  }

  async #next(): Promise<RawResponse> {
    for (;;) {
      const response = this.#take();
      if (response) return response;
      const [chunk] = await once(this.#socket, 'data', { signal: AbortSignal.timeout(60_000) });
      this.#received += (chunk as Buffer).toString('latin1');
    }
  }

  /** The first response that has arrived whole. */
  #take(): RawResponse | undefined {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end === -1) return undefined;
    const head = this.#received.slice(0, end);
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? assert.fail(`no length: ${head}`));
    const body = this.#received.slice(end + 4, end + 4 + length);
    if (body.length < length) return undefined;
    this.#received = this.#received.slice(end + 4 + length);
    return { status: Number(head.slice(9, 12)), head, body };
  }
}
