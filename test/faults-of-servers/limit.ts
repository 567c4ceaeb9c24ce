import { scaled } from '../service/load.js';

/** ms that one test of a fault may take. What hangs must fail by itself, and say which it was. */
export const LIMIT: number = scaled(900_000, 90_000);
