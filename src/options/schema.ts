/**
 * What a validation library must provide: the Standard Schema interface, version 1 (https://standardschema.dev), which
 * zod, valibot, arktype and others implement. Declared here, so that none of them is imported.
 */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>;
  };
}

/** A schema's verdict on a value: no issues, or what is wrong with it. */
export interface SchemaResult {
  /** What the schema would turn it into: not used. */
  readonly value?: unknown;
  readonly issues?: readonly SchemaIssue[] | undefined;
}

/** One thing that is wrong, and where. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** True for an object or a function that implements the interface. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) return false;
  const { version, validate } = Object((value as Partial<StandardSchema>)['~standard']);
  return version === 1 && typeof validate === 'function';
}
