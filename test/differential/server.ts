import {
  Agent,
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
} from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A response as it came over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let serial = 0;

/** koa-session sends what no browser would keep. */
const LIMITS = { maxHeaderSize: 1 << 18 };

/** A real HTTP server on a Unix socket, whose listener changes from sequence to sequence. */
export class TestServer {
  listener: RequestListener = () => {};
  readonly #server: Server = createServer(LIMITS, (req, res) => this.listener(req, res));
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #socketPath = join(tmpdir(), `differential-${process.pid}-${serial++}.sock`);

  async start(): Promise<this> {
    await new Promise<void>(resolve => this.#server.listen(this.#socketPath, resolve));
    return this;
  }

  stop(): void {
    this.#agent.destroy();
    this.#server.close();
  }

  ask(headers: Record<string, string>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = request(
        { ...LIMITS, socketPath: this.#socketPath, agent: this.#agent, headers },
        response => {
          let body = '';
          response.setEncoding('utf8');
          response.on('data', part => {
            body += part;
          });
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
          });
        },
      );
      asked.on('error', reject).end();
    });
  }
}
