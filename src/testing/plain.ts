/**
 * A copy of the value without undefined fields, and without the prototypes of a driver's rows or of another realm
 * (Jest runs tests in one), which a strict comparison would find different.
 */
export function plain<Value>(value: Value): Value {
  if (Array.isArray(value)) return Array.from(value, plain) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, plain(field)])) as Value;
}
