import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** How a connection is cut: before the server gets the command, or when it has done the work, in place of the reply. */
export type Cut = 'before' | 'after';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** The server's next word is the reply to a command that is to be cut. */
  isDoomed: boolean;
  /** Nothing passes any more, and nobody is told. */
  isStranded: boolean;
}

/** Stands between a client and a server, and does what networks do. */
export class Network {
  readonly port: number;
  readonly #listener: Server;
  readonly #target: number;
  readonly #links = new Set<Link>();
  #cutting: { how: Cut; marker: string; every: number } | undefined;
  #seen = 0;
  /** How many connections were cut. */
  cuts = 0;

  private constructor(listener: Server, target: number) {
    this.port = (listener.address() as AddressInfo).port;
    this.#listener = listener;
    this.#target = target;
    listener.on('connection', client => this.#link(client));
  }

  static async before(target: number): Promise<Network> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new Network(listener, target);
  }

  /** Cuts the connection at every so many commands that contain the marker. */
  cut(how: Cut, marker: string, every: number): void {
    this.#cutting = { how, marker, every };
  }

  forward(): void {
    this.#cutting = undefined;
  }

  /** Stops to forward. Connections stay open, and new ones are taken. */
  hang(): void {
    for (const link of this.#links) pause(link);
    this.#listener.on('connection', this.#hangNewest);
  }

  release(): void {
    this.#listener.off('connection', this.#hangNewest);
    for (const { client, server } of this.#links) for (const socket of [client, server]) socket.resume();
  }

  /** Connections that there are now carry nothing any more, as after a failover of the network; new ones work. */
  strand(): void {
    for (const link of this.#links) link.isStranded = true;
  }

  /** The server, too, gives up the connections that carry nothing any more, as it does sooner or later. */
  bury(): void {
    for (const link of this.#links) if (link.isStranded) link.server.destroy();
  }

  async close(): Promise<void> {
    for (const link of this.#links) this.#end(link);
    this.#listener.close();
    await once(this.#listener, 'close');
  }

  readonly #hangNewest = (): void => {
    const newest = [...this.#links].at(-1);
    if (newest) pause(newest);
  };

  #link(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    const link: Link = { client, server, isDoomed: false, isStranded: false };
    this.#links.add(link);
    client.on('data', chunk => this.#onCommand(link, chunk));
    server.on('data', chunk => this.#onReply(link, chunk));
    for (const socket of [client, server]) {
      socket.on('error', () => {});
      socket.on('close', () => link.isStranded || this.#end(link));
    }
  }

  #onCommand(link: Link, chunk: Buffer): void {
    if (link.isStranded) return;
    const cut = this.#cutFor(chunk);
    link.isDoomed ||= cut === 'after';
    if (cut === 'before') this.#cut(link);
    else link.server.write(chunk);
  }

  #onReply(link: Link, chunk: Buffer): void {
    if (link.isStranded) return;
    if (link.isDoomed) this.#cut(link);
    else link.client.write(chunk);
  }

  #cutFor(chunk: Buffer): Cut | undefined {
    if (!this.#cutting || !chunk.includes(this.#cutting.marker)) return undefined;
    return ++this.#seen % this.#cutting.every === 0 ? this.#cutting.how : undefined;
  }

  #cut(link: Link): void {
    this.cuts++;
    this.#end(link);
  }

  #end(link: Link): void {
    this.#links.delete(link);
    link.client.destroy();
    link.server.destroy();
  }
}

function pause({ client, server }: Link): void {
  client.pause();
  server.pause();
}
