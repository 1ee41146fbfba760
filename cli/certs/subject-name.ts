import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { der } from './der.ts';

/** What a certificate is for. */
export interface SubjectName {
  readonly type: 'dns' | 'ip' | 'uri';
  readonly value: string;
}

const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
const maxName = 253;

/** A host name, which may begin with `*.`, or an IP address. Null for anything else. */
export function parseHostName(text: string): SubjectName | null {
  if (isIP(text) !== 0) return { type: 'ip', value: text };
  const isWild = text.startsWith('*.');
  const ascii = domainToASCII(isWild ? text.slice(2) : text);
  const labels = ascii.split('.');
  // A host whose last label is a number is an address that was mistyped: browsers and Node take it for one.
  if (ascii.length > maxName || !labels.every((part) => label.test(part)) || /^\d+$/.test(labels.at(-1) ?? ''))
    return null;
  return { type: 'dns', value: isWild ? `*.${ascii}` : ascii };
}

/** As `GeneralName` (RFC 5280 §4.2.1.6). */
export function toGeneralName({ type, value }: SubjectName): Buffer {
  switch (type) {
    case 'dns':
      return der.implicit(2, Buffer.from(value, 'latin1'));
    case 'uri':
      return der.implicit(6, Buffer.from(value, 'latin1'));
    case 'ip':
      return der.implicit(7, toAddressBytes(value));
  }
}

function toAddressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  // The URL parser writes it in one way, without an IPv4 address at its end.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const toGroups = (text: string | undefined) =>
    text === undefined || text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const before = toGroups(head);
  const after = toGroups(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return Buffer.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]));
}
