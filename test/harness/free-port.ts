import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that outgoing connections are given: one of those might be taken before the server has it. */
const LOWEST = 12_000;
const HIGHEST = 32_000;

/** A port on which nobody listens, for a server that is to be started on it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const server = createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
