import { BlockList, isIP, isIPv4 } from 'node:net';
import { toBareAddress } from '../../runtime/network/to-bare-address.ts';

/** Addresses of proxies that are believed when they say for whom they ask. */
export interface TrustedProxies {
  has(address: string): boolean;
}

/** Words for what many set-ups have in common, as fastify and Express know them. */
const words: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** Whether it is an address, a network as address/bits, or one of the words. */
export function isProxyRange(text: string): boolean {
  if (Object.hasOwn(words, text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  if (isIP(address) === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIPv4(address) ? 32 : 128));
}

/** `ranges`: each as `isProxyRange` wants it. */
export function createTrustedProxies(ranges: readonly string[]): TrustedProxies {
  const list = new BlockList();
  for (const range of ranges.flatMap((text) => words[text] ?? [text])) {
    const [address = '', bits] = range.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return {
    has(address) {
      const bare = toBareAddress(address);
      return isIP(bare) !== 0 && list.check(bare, isIPv4(bare) ? 'ipv4' : 'ipv6');
    },
  };
}
