/** Clients are recognised by their methods, as none of their classes is imported. */
export function hasMethods(client: unknown, ...names: string[]): boolean {
  const methods = (client ?? {}) as Record<string, unknown>;
  return names.every(name => typeof methods[name] === 'function');
}
