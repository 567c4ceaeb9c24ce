import { type Awaitable, isUnwantedPromise, whenReady } from '../awaitable.js';
import { SessionInvalidError, SessionOptionsError } from '../errors.js';
import type { Config } from '../options/config.js';
import type { SchemaIssue, StandardSchema } from '../options/schema.js';
import type { LoadedSession } from '../persistence/loaded-session.js';
import { type Change, isEmptied } from '../persistence/persistence.js';
import type { Content } from '../session/content.js';
import { type Data, isDataObject } from '../session/record.js';

/*
 * How the options `migrate` and `schema` are applied. On both load and commit the schema sees the data as JSON keeps
 * them: what passes the one check passes the other.
 */

type Migrate = ((data: never) => unknown) | undefined;

/** Data of an older shape, brought up to date by the app's `migrate`. */
export function migrated(data: Data, migrate: Migrate): Awaitable<Data> {
  if (!migrate) return data;
  return whenReady(migrate(data as never), (result = data) => {
    if (isDataObject(result)) return result;
    throw new TypeError('option `migrate` must return the data, an object, or nothing where it changed them');
  });
}

/** The loaded session in its newest shape; undefined if it does not fit the schema. */
export function checkLoaded(
  loaded: LoadedSession,
  { options: { migrate, schema } }: Config,
): Awaitable<LoadedSession | undefined> {
  return whenReady(migrate ? withMigratedData(loaded, migrate) : loaded, current =>
    schema
      ? whenReady(issuesOf(current.open().json, schema), issues => (issues ? undefined : current))
      : current,
  );
}

function withMigratedData(loaded: LoadedSession, migrate: Migrate): Awaitable<LoadedSession> {
  return whenReady(migrated(loaded.open().data, migrate), data =>
    loaded.withContent({ data, json: JSON.stringify(data) }),
  );
}

/**
 * The same change, but it saves nothing that the schema would refuse on load.
 * @throws SessionInvalidError when it is composed
 */
export function checkedOnSave(change: Change, { options: { schema, lazy }, isEager }: Config): Change {
  // A session that is only prolonged was checked on load.
  if (!schema || (change.base && !change.isChanged)) return change;
  return requiringFit(change, schema, lazy === true || isEager);
}

function requiringFit(change: Change, schema: StandardSchema, canWait: boolean): Change {
  const requireFit = (content: Content): Awaitable<Content> => {
    const checking = issuesOf(content.json, schema);
    // The next request could not await it either: better to fail before anything is saved.
    if (!canWait && isUnwantedPromise(checking))
      throw new SessionOptionsError('an asynchronous `schema` of a cookie session needs `lazy: true`');
    return whenReady(checking, issues => (issues ? refuse(issues) : content));
  };
  return {
    ...change,
    compose: newest =>
      whenReady(change.compose(newest), content =>
        content === undefined || isEmptied(change, content) ? content : requireFit(content),
      ),
  };
}

function issuesOf(json: string, schema: StandardSchema): Awaitable<readonly SchemaIssue[] | undefined> {
  return whenReady(schema['~standard'].validate(JSON.parse(json)), ({ issues }) => issues);
}

/** How many issues an error's message lists; its `cause` has them all. */
const MAX_TOLD = 3;

function refuse(issues: readonly SchemaIssue[]): never {
  const told = issues.slice(0, MAX_TOLD).map(({ message, path = [] }) => {
    const where = path.map(part => String(typeof part === 'object' ? part.key : part)).join('.');
    return where === '' ? message : `${where}: ${message}`;
  });
  const more = issues.length > MAX_TOLD ? `; and ${issues.length - MAX_TOLD} more` : '';
  throw new SessionInvalidError(
    `the session's data do not fit the \`schema\`, and nothing was saved. ${told.join('; ')}${more}`,
    { cause: issues },
  );
}
