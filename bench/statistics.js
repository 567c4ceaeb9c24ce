/**
 * The value below which the given share of the numbers lies, interpolated between neighbours.
 *
 * @param {number[]} numbers at least one
 * @param {number} share from 0 to 1
 */
export function quantile(numbers, share) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position % 1);
}

/** @param {number[]} numbers */
export function median(numbers) {
  return quantile(numbers, 0.5);
}

/**
 * @typedef {{ median: number, q1: number, q3: number }} Summary
 *
 * @param {number[]} numbers
 * @returns {Summary}
 */
export function summarize(numbers) {
  return { median: median(numbers), q1: quantile(numbers, 0.25), q3: quantile(numbers, 0.75) };
}
