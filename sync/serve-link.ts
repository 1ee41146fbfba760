import { type OpenLinkOptions, openLink } from './open-link.ts';
import type { Publish } from './publish.ts';

/**
 * As `openLink`, until `signal` aborts; resolves when the link has ended. Never opens for a signal that is aborted already. Rejects
 * when one of the clients still has another link.
 */
export async function serveLink(
  publish: Publish,
  { signal, ...given }: OpenLinkOptions & { readonly signal: AbortSignal },
): Promise<void> {
  if (signal.aborted) return;
  const link = openLink(publish, given);
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await link.close();
}
