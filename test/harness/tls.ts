import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type Koa from 'koa';

/** PEM texts. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate that nobody trusts, with its key. */
export function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=sojourn', '-addext', 'subjectAltName=DNS:*.test,DNS:localhost'];
  try {
    execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert], {
      stdio: 'pipe',
    });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let certificate: Certificate | undefined;

/** Serves an app over HTTPS until the test ends, under this name; answers its origin. */
export async function serveSecurely(t: TestContext, host: string, app: Koa): Promise<string> {
  certificate ??= makeCertificate();
  const server = createServer(certificate, app.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `https://${host}:${(server.address() as AddressInfo).port}`;
}
