import { signedPair, signedRecord } from './cookies.js';
import { RecordStore } from './record-store.js';
import type { TestOptions } from './visit.js';

/**
 * Where a session can be. Each place puts one there, with these data, and answers the options under which it is
 * found and the `Cookie` header that presents it.
 */
export const PLACES: Readonly<Record<string, (data?: object) => [options: TestOptions, cookie: string]>> = {
  'a cookie session': (data = { user: 'ann' }) => [{}, signedRecord(data)],
  'a stored session': (data = { user: 'ann' }) => {
    const store = new RecordStore();
    store.put('k', data);
    return [{ store }, signedPair('k')];
  },
};
