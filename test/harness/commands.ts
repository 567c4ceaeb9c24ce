import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian keeps servers where only root's own path leads. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];

/** The path of a command that is installed; its bare name where it is not, so that running it fails by that name. */
export function pathOf(command: string): string {
  return find(command) ?? command;
}

/** Why the tests that run these commands are skipped here; with CI set nothing is. */
export function missing(...commands: readonly string[]): string | false {
  const absent = commands.filter(command => find(command) === undefined);
  return process.env.CI === 'true' || absent.length === 0 ? false : `not installed: ${absent.join(', ')}`;
}

function find(command: string): string | undefined {
  return FOLDERS.map(folder => join(folder, command)).find(path => existsSync(path));
}
