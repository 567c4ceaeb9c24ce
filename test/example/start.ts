import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);

/** The example, as `npm start` starts it after the build. */
export interface Example {
  readonly folder: string;
  /** Answers its address. */
  start(): Promise<string>;
  /** As Ctrl+C does. */
  stop(): Promise<void>;
}

/** A copy inside the package, which finds the package by its name, and leaves the example's own files alone. */
export async function startExample(t: Pick<TestContext, 'after'>): Promise<Example> {
  const folder = await mkdtemp(fileURLToPath(new URL('build/example-', ROOT)));
  await cp(new URL('example/', ROOT), folder, { recursive: true, filter: isSource });
  let started: ChildProcess | undefined;
  t.after(async () => {
    started?.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  return {
    folder,
    async start() {
      const child = spawn(process.execPath, [join(folder, 'server.js')], {
        env: { ...process.env, PORT: '0', SESSION_KEY: '' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      started = child;
      const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
      const [url] = String(line).match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
      assert.ok(url, `prints where it is: ${line}`);
      return url;
    },
    async stop() {
      const child = started as ChildProcess;
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      assert.equal(code, 0);
    },
  };
}

function isSource(path: string): boolean {
  return !/\.db|\.key/.test(path);
}
