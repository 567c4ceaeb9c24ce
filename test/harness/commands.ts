import { spawnSync } from 'node:child_process';

/** Where Debian keeps servers, which only root's own path names. */
const PATH: string = `${process.env.PATH}:/usr/sbin`;

/** Why the tests that run this command are skipped here; with CI set nothing is. */
export function missing(command: string): string | false {
  if (process.env.CI === 'true' || isInstalled(command)) return false;
  return `${command} is not installed`;
}

/** The path of a command that is installed; its bare name where it is not, so that running it fails by that name. */
export function pathOf(command: string): string {
  return spawnSync('which', [command], { env: { PATH }, encoding: 'utf8' }).stdout.trim() || command;
}

function isInstalled(command: string): boolean {
  return pathOf(command) !== command;
}
