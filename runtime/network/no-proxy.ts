import { BlockList, isIP } from 'node:net';
import type { Destination } from './destination.ts';

/**
 * Whether NO_PROXY means this destination. Its entries stand apart by commas or spaces:
 *
 * | entry | means |
 * |---    |--- |
 * | `*` | everything |
 * | `example.org`, `.example.org`, `*.example.org` | that host and all below it |
 * | `192.0.2.7`, `[2001:db8::7]` | that address |
 * | `10.0.0.0/8`, `fd00::/8` | addresses of that network |
 * | any but a network with `:8443` behind it | the same, on that port alone |
 *
 * Names are not looked up: a network means destinations that are given as addresses.
 */
export function isExempt({ host, port }: Pick<Destination, 'host' | 'port'>, list: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && means(entry, name, port));
}

function means(entry: string, name: string, port: number): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInNetwork(entry, name);
  const { host, port: wanted } = splitPort(entry);
  if (wanted !== null && wanted !== port) return false;
  if (host === '*') return true;
  const family = isIP(host);
  if (family !== 0) return isInNetwork(`${host}/${family === 4 ? 32 : 128}`, name);
  const suffix = host.replace(/^\*?\./, '').replace(/\.$/, '');
  return suffix !== '' && (name === suffix || name.endsWith(`.${suffix}`));
}

function splitPort(entry: string): { readonly host: string; readonly port: number | null } {
  if (isIP(entry) !== 0) return { host: entry, port: null };
  const matched = /^(?:\[(?<bracketed>[^\]]*)\]|(?<bare>[^:[\]]*))(?::(?<port>\d{1,5}))?$/.exec(entry)?.groups;
  const port = matched?.['port'];
  return { host: matched?.['bracketed'] ?? matched?.['bare'] ?? '', port: port === undefined ? null : Number(port) };
}

function isInNetwork(entry: string, name: string): boolean {
  const family = isIP(name);
  if (family === 0) return false;
  const [network = '', length = ''] = entry.replaceAll(/[[\]]/g, '').split('/');
  const networkFamily = isIP(network);
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (networkFamily === 0 || !(bits <= (networkFamily === 4 ? 32 : 128))) return false;
  const block = new BlockList();
  block.addSubnet(network, bits, networkFamily === 4 ? 'ipv4' : 'ipv6');
  return block.check(name, family === 4 ? 'ipv4' : 'ipv6');
}
