import { openClosedNetwork } from './closed-network.ts';
import { isMissing } from './real-proxy.ts';

/** Why agents cannot be put behind a squid on this machine; null where they can. */
export function whyNoProxy(): string | null {
  const missing = isMissing('squid');
  if (missing !== false) return missing;
  using network = openClosedNetwork();
  return network === null ? 'no network namespace can be made here (it takes root, and ip)' : null;
}
