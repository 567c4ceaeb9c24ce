/** Clients are told apart by what they can do: none of their classes is known here. */
export function hasMethods(client: unknown, ...names: string[]): boolean {
  const methods = (client ?? {}) as Record<string, unknown>;
  return names.every(name => typeof methods[name] === 'function');
}
