import { Id } from '../protocol/names.ts';

/** What a dialler asks for: the same words on every wire, and what a credential is bound to. */
export type Target = { readonly type: 'control' } | { readonly type: 'session'; readonly attempt: string };

const sessions = '/v1/sessions/';

export const controlTarget = '/v1/control';

export function sessionTarget(attempt: string): string {
  return `${sessions}${attempt}`;
}

/** Null for anything that is not a target. */
export function parseTarget(path: string): Target | null {
  if (path === controlTarget) return { type: 'control' };
  if (!path.startsWith(sessions)) return null;
  const attempt = Id.safeParse(path.slice(sessions.length));
  return attempt.success ? { type: 'session', attempt: attempt.data } : null;
}
