import { readDescriptorLimit } from '../../runtime/descriptor-limit.ts';
import { Strangers } from '../../runtime/listening/strangers.ts';
import type { TrustedProxies } from '../front/trusted-proxies.ts';
import type { RefusalLog } from './refusal-log.ts';

/** Each may hold what a TLS handshake needs. */
const mostStrangers = 2_048;
/** Of the descriptors that the process may have: the others are for agents, clients that are known, logs and the store. */
const mostOfDescriptors = 1 / 4;
const mostOfOneAddress = 1 / 2;

/**
 * How many connections a hub bears of whom it does not know who they are: of one address half of that, of a trusted proxy all of it, for the proxy has
 * connections for many. Each that is cut is told to `refusals`.
 */
export function createStrangers({
  trusted,
  refusals,
}: {
  readonly trusted: TrustedProxies;
  readonly refusals: Pick<RefusalLog, 'refused'>;
}): Strangers {
  const most = Math.floor(Math.min(mostStrangers, (readDescriptorLimit() ?? Infinity) * mostOfDescriptors));
  return new Strangers({
    most,
    mostOfOne: Math.ceil(most * mostOfOneAddress),
    isShared: (address) => trusted.has(address),
    onCut: (crowd, remote) => refusals.refused(crowd, remote),
  });
}
