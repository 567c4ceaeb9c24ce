/** Module hooks: what a module of this copy imports is loaded anew with it, unless it is a package's. */
const ROOT = new URL('../../', import.meta.url).href;

export async function resolve(specifier, context, nextResolve) {
  const resolved = await nextResolve(specifier, context);
  const trial = context.parentURL && new URL(context.parentURL).search;
  return trial && resolved.url.startsWith(ROOT) ? { ...resolved, url: resolved.url + trial } : resolved;
}
