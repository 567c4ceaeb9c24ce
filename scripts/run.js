import { spawnSync } from 'node:child_process';

/** Runs a command that speaks for itself; where it fails, so does this process, with its status and no more words. */
export function run(command, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (error) throw error;
  if (status === 0) return;
  if (stdout) process.stdout.write(stdout);
  if (stderr) process.stderr.write(stderr);
  process.exit(status ?? 1);
}

/** The same, and what it says is shown only where it fails. */
export function runQuietly(command, args, options = {}) {
  run(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
}
