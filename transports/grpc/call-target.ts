import type { Metadata } from '@grpc/grpc-js';
import { parseTarget, sessionTarget, type Target } from '../targets.ts';

/** Metadata of a Session call. */
export const attemptKey = 'farhand-attempt';

/** The session that a call is for; null when it does not say so well. */
export function readSessionTarget(metadata: Metadata): Target | null {
  const [attempt] = metadata.get(attemptKey);
  return typeof attempt === 'string' ? parseTarget(sessionTarget(attempt)) : null;
}

/** What was presented; null for nothing, or something else than what our agents present. */
export function readPresented(metadata: Metadata): string | null {
  const [header] = metadata.get('authorization');
  return typeof header === 'string' ? (/^Farhand +(?<text>\S+)$/iu.exec(header)?.groups?.['text'] ?? null) : null;
}
