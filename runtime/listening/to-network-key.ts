import { isIPv6 } from 'node:net';
import { toBareAddress } from '../network/to-bare-address.ts';

const allGroups = 8;
const groupsOfNetwork = 4;

/**
 * What stands for whoever has this address: an IPv4 address is itself, also where it came as IPv6; of an IPv6 address the first 64 bits, for
 * one host may take all that are behind them.
 */
export function toNetworkKey(address: string): string {
  const bare = toBareAddress(address);
  if (!isIPv6(bare)) return bare;
  const [before = '', after = ''] = bare.toLowerCase().split('::');
  const head = toGroups(before);
  const tail = toGroups(after);
  const zeros = Array.from({ length: Math.max(0, allGroups - head.length - tail.length) }, () => '0');
  return `${[...head, ...zeros, ...tail].slice(0, groupsOfNetwork).join(':')}::/64`;
}

function toGroups(text: string): readonly string[] {
  return text === '' ? [] : text.split(':').map((group) => group.replace(/^0+(?=.)/, ''));
}
