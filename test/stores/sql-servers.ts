import { connect } from 'node:net';

export const postgresServer = { host: '127.0.0.1', port: 5432, user: 'root', database: 'test' };
export const mysqlServer = { host: '127.0.0.1', port: 3306, user: 'root', database: 'test' };

/** Why the tests with this server are skipped here; with CI set nothing is. */
export async function missing(name: string, server: { host: string; port: number }): Promise<string | false> {
  if (process.env.CI === 'true' || (await answers(server))) return false;
  return `no ${name} at ${server.host}:${server.port}`;
}

function answers(server: { host: string; port: number }): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(server);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
