import { toAuthority } from './destination.ts';

/** A proxy that opens tunnels (CONNECT, RFC 9110 §9.3.6). */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** It is spoken to over TLS. */
  readonly isSecure: boolean;
  /** What logs it in. A secret; null where nothing was given. */
  readonly authorization: string | null;
  /** Its URL as it may be shown: without user and password. */
  readonly shown: string;
}

/**
 * Reads `http://user:password@host:port` (https too; without a scheme it is http). User and password are percent-encoded.
 * Null for anything else, such as a SOCKS proxy.
 */
export function parseProxy(text: string): Proxy | null {
  const full = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(full)) return null;
  const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(full);
  const isSecure = protocol === 'https:';
  if ((!isSecure && protocol !== 'http:') || hostname === '') return null;
  if (!/^\/?$/.test(pathname) || search !== '' || hash !== '') return null;
  const login = toLogin(username, password);
  if (login === undefined) return null;
  const host = hostname.replace(/^\[|\]$/g, '');
  const usualPort = isSecure ? 443 : 80;
  const place = { host, port: port === '' ? usualPort : Number(port) };
  return { ...place, isSecure, authorization: login, shown: `${protocol}//${toAuthority(place)}` };
}

/** Undefined where the percent signs are no encoding. */
function toLogin(username: string, password: string): string | null | undefined {
  if (username === '' && password === '') return null;
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
  } catch {
    return undefined;
  }
}
