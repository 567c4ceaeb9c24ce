/**
 * Each run takes the same sequences, so that a failure is the change's doing; `SEED=random` looks for new ones, and
 * `SEED=...` repeats such a run.
 */
const { SEED = '20261122' } = process.env;

export const seed: number = SEED === 'random' ? Math.trunc(Math.random() * 2 ** 31) : Number(SEED);
