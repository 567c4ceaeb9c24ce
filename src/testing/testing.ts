export { type FaultOptions, type Faults, failingStore, type Verb } from './failing-store.js';
export { type KoaStoreSuiteOptions, koaStoreSuite } from './koa-store-suite.js';
export { type ManualClock, manualClock } from './manual-clock.js';
export type { TestBody, TestRunner } from './runner.js';
export { type StoreSuiteOptions, storeSuite } from './store-suite.js';
