import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ServerProcess } from '../faults-of-servers/servers/server.js';
import { missing as missingCommand, pathOf } from '../harness/commands.js';
import { freePort } from '../harness/free-port.js';

export const missing: string | false = missingCommand('nginx', 'openssl');

/** What stands in an nginx's `http` block, and the files beside its configuration, by name. */
export interface Configuration {
  readonly http: (port: number) => string;
  readonly files?: Readonly<Record<string, string>>;
}

/** Starts an nginx of the test's own, in a folder of its own; answers its port. */
export async function startNginx(t: TestContext, { http, files }: Configuration): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-nginx-'));
  const port = await freePort();
  const texts = { ...files, 'nginx.conf': configuration(http(port)) };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  const args = ['-p', `${folder}/`, '-c', 'nginx.conf', '-e', 'stderr'];
  const nginx = new ServerProcess(pathOf('nginx'), args, folder);
  t.after(async () => {
    await nginx.kill();
    rmSync(folder, { recursive: true });
  });
  await nginx.untilUp(() => reach(port));
  return port;
}

/** One process, so that it ends with what started it, and may read its own files whoever that is. */
const configuration = (http: string): string => `
  daemon off;
  master_process off;
  pid nginx.pid;
  events {}
  http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${name};`).join(' ')}
    ${http}
  }
`;

function reach(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve());
    socket.once('connect', () => socket.destroy()).once('error', reject);
  });
}
