import type { EndTarget, Outcome } from '../persistence/persistence.js';
import type { CommitScope } from './commit-scope.js';
import { emitEvent } from './events.js';

/** `ctx.session = null`: what the client presented is ended, loaded or not. */
export async function endPresented(scope: CommitScope): Promise<Outcome | undefined> {
  const { draft, config, ctx, options, response } = scope;
  const { credential, handle } = draft.ending ?? {};
  const endings = credential === undefined ? await presented(scope) : [{ credential, handle }];
  // If the client cannot be told to drop its cookie, the session goes on.
  const endsByCookie = !config.persistence.keys && !config.persistence.endings;
  if (endsByCookie && endings.length > 0) response.requireUnsent();
  let isEnded = false;
  for (const ending of endings) {
    if (await config.persistence.end(ending, 'logout', scope)) isEnded = true;
  }
  draft.endCarriedOut(isEnded);
  if (!isEnded) return undefined;
  emitEvent('session:ended', { handle, ctx, reason: 'logout' });
  response.clearSiteData(options);
  return { is: 'ended' };
}

/** The authentic credentials that were not loaded, or the one whose session `valid` or `schema` refused. */
async function presented({ loader, config, ctx, draft }: CommitScope): Promise<readonly EndTarget[]> {
  if (draft.isPresentedOver) return [];
  const { presented: { value: credential } = {}, loaded, refused } = loader.arrival;
  if (credential !== undefined) return loaded || refused?.refused === 'invalid' ? [{ credential }] : [];
  const reading = refused ? 'absent' : await config.credential.read(ctx);
  if (typeof reading !== 'object') return [];
  const values = new Set([reading, ...config.credential.others(ctx)].map(({ value }) => value));
  return [...values].map(value => ({ credential: value }));
}
