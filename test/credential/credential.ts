import type Koa from 'koa';
import { inside } from '../harness/inside.js';

/** What the tests of credentials use of the library's own types. */
export interface Presented {
  readonly value: string;
  readonly isStale: boolean;
}

export interface Issue {
  readonly value: string;
  readonly expiresAt: number | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

export interface Credential {
  readonly isCookie: boolean;
  readonly cookieNames: readonly string[];
  readonly stamp?: { readonly name: string; read(ctx: Koa.Context): string[]; write: Credential['write'] };
  requireUsable(ctx: Koa.Context): void;
  requireWritable(ctx: Koa.Context, options: object, issue?: Issue): void;
  read(ctx: Koa.Context): Presented | 'absent' | 'tampered';
  others(ctx: Koa.Context): Presented[];
  write(ctx: Koa.Context, issue: Issue, options: object): void;
  clear(ctx: Koa.Context, attributes: object): void;
}

export type Signing = 'all' | 'none' | ((text: string) => boolean);

export const { cookieCredential, isDroppedByBrowsers, stampedCredential } = await inside<{
  cookieCredential(traits: { name: string; signing: Signing; holdsData: boolean }): Credential;
  isDroppedByBrowsers(ctx: Koa.Context, attributes: object): boolean;
  stampedCredential(credential: Credential, name: string, signing: Signing): Credential;
}>('credential/cookie');
