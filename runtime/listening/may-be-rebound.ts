import { isIP } from 'node:net';
import { isLoopback } from '../configuration/loopback.ts';

/**
 * Whether a page of somebody else may have sent this, by a name of its own that now leads to this machine (DNS rebinding): its browser asks
 * with that name as `Host`, and would let the page read the answer. Nobody can do so by an address, by `localhost`, or by a name that is `ours`.
 */
export function mayBeRebound(host: string | undefined, ours: string): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d*$/, '').toLowerCase();
  return !isLoopback(name) && name !== ours.toLowerCase() && isIP(name.replace(/^\[(.*)\]$/, '$1')) === 0;
}
