#!/usr/bin/env node
/** `npx sojourn keygen` prints a new key for `sealed(keys)`. */
import { generateKey } from '../codec/sealed.js';

const [command, ...more] = process.argv.slice(2);
if (command === 'keygen' && more.length === 0) {
  process.stdout.write(`${generateKey()}\n`);
} else {
  process.stderr.write('usage: sojourn keygen    prints a new key for sealed(keys): 32 random bytes\n');
  process.exitCode = 1;
}
