/**
 * `npm run races`, `npm run faults` and `npm run crashes` run everything at full scale; the suite runs the same,
 * smaller.
 */
export const isFullScale: boolean = process.env.SCALE === 'full';

export function scaled(full: number, small: number): number {
  return isFullScale ? full : small;
}

/** Does a job so many times, so many of them at once, as long as none fails. */
export async function atOnce(
  width: number,
  count: number,
  job: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await job(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

/** All orders of a few things. */
export function orders<T>(things: readonly T[]): T[][] {
  if (things.length < 2) return [[...things]];
  return things.flatMap((thing, i) =>
    orders([...things.slice(0, i), ...things.slice(i + 1)]).map(rest => [thing, ...rest]),
  );
}
