import { isIP } from 'node:net';
import { toBareAddress } from '../../runtime/network/to-bare-address.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

/** Answers a header by its name in small letters; of several with one name all, with commas between. */
export type ReadHeader = (name: string) => string | undefined;

/**
 * The address that a request comes from: of who connected, or, where that is a trusted proxy, of the last one before it that is none. What somebody who is not
 * trusted says is not looked at. Every request is asked about in this one place: API, upgrades and gRPC.
 */
export type ClientAddress = (peer: string, header: ReadHeader) => string;

/**
 * `X-Forwarded-For` is read, and `Forwarded` (RFC 7239) where there is no other: each proxy adds the one who asked it at the end, so they are read from there.
 * A front that writes one has to take the other away, or a client could write that.
 */
export function createClientAddress(trusted: TrustedProxies): ClientAddress {
  return (peer, header) => {
    let address = toBareAddress(peer);
    if (!trusted.has(address)) return address;
    const forwardedFor = header('x-forwarded-for');
    const chain = forwardedFor === undefined ? readForwarded(header('forwarded') ?? '') : forwardedFor.split(',');
    for (const one of chain.toReversed()) {
      const before = toAddress(one);
      // "unknown", a made-up name, or garbage: nobody knows who was before.
      if (before === null) break;
      address = before;
      if (!trusted.has(address)) break;
    }
    return address;
  };
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`; null for anything else. */
function toAddress(text: string): string | null {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+)(?::\d+)?)$/.exec(text.trim()) ?? [];
  const address = toBareAddress(bracketed ?? plain ?? text.trim());
  return isIP(address) === 0 ? null : address;
}

/** The `for` of each element, in order; an element without one stands for somebody unknown. */
function readForwarded(header: string): readonly string[] {
  // A quote that does not end: nobody knows where elements end.
  if (!/^(?:"(?:\\.|[^"\\])*"|[^"])*$/.test(header)) return ['unknown'];
  const elements = header.match(/(?:"(?:\\.|[^"\\])*"|[^",])+/g) ?? [];
  return elements.map((element) => {
    const [, quoted, plain] = /(?:^|;)\s*for\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s;,"]+))/i.exec(element) ?? [];
    return (quoted ?? plain ?? 'unknown').replaceAll(/\\(.)/g, '$1');
  });
}
