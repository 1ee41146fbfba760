import { Metadata } from '@grpc/grpc-js';
import { parseTarget, sessionTarget, type Target } from '../targets.ts';

/** Metadata of a Session call. */
export const attemptKey = 'farhand-attempt';
/** Metadata of the hub for a call that it accepts: a proxy's page of HTML has headers, too. */
const acceptedKey = 'farhand-accepted';

export function toCallMetadata(presented: string, attempt: string | null): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Farhand ${presented}`);
  if (attempt !== null) metadata.set(attemptKey, attempt);
  return metadata;
}

/** What was presented; null for nothing, or something else than what our agents present. */
export function readPresented(metadata: Metadata): string | null {
  const [header] = metadata.get('authorization');
  return typeof header === 'string' ? (/^Farhand +(?<text>\S+)$/iu.exec(header)?.groups?.['text'] ?? null) : null;
}

/** Of several with one name all, with commas between. */
export function readHeader(metadata: Metadata, name: string): string | undefined {
  const values = metadata.get(name);
  return values.length === 0 ? undefined : values.join(', ');
}

/** The session that a call is for; null when it does not say so well. */
export function readSessionTarget(metadata: Metadata): Target | null {
  const [attempt] = metadata.get(attemptKey);
  return typeof attempt === 'string' ? parseTarget(sessionTarget(attempt)) : null;
}

export function toAcceptance(): Metadata {
  const metadata = new Metadata();
  metadata.set(acceptedKey, '1');
  return metadata;
}

export function isAccepted(metadata: Metadata): boolean {
  return metadata.get(acceptedKey).length > 0;
}
