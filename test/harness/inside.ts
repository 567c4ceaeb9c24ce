/** A compiled module of the library, by its path in `src`: what is no part of the package's surface. */
export function inside<T>(path: string): Promise<T> {
  return import(new URL(`../../../dist/esm/${path}.js`, import.meta.url).href);
}
