import type { Way } from '../agent/ways/way.ts';
import { openTransport } from './open-transport.ts';

type Opening = Omit<Parameters<typeof openTransport>[0], 'url'>;

/** The ways to the hub, the best one first. Code of a wire that is not the first one's is loaded when it is dialled, which may be never. */
export async function openWays(
  urls: readonly [URL, ...(readonly URL[])],
  options: Opening,
): Promise<readonly [Way, ...(readonly Way[])]> {
  const [first, ...others] = urls;
  const best = { url: toShown(first), ...(await openTransport({ ...options, url: first })) };
  return [best, ...others.map((url) => openLater(url, options))];
}

function openLater(url: URL, options: Opening): Way {
  const name = /^grpcs?:$/.test(url.protocol) ? 'grpc' : 'websocket';
  let opened: ReturnType<typeof openTransport> | undefined;
  const open = () => (opened ??= openTransport({ ...options, url }));
  return {
    url: toShown(url),
    control: {
      name,
      capabilities: { sessions: true, maxEventBytes: options.limits.maxMessageBytes },
      connect: async (credential, how) => (await open()).control.connect(credential, how),
    },
    session: { name, openSession: async (target, how) => (await open()).session.openSession(target, how) },
  };
}

function toShown({ href }: URL): string {
  return href.replace(/\/+$/, '');
}
