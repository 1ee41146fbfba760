/** Where a stream is to lead, and whether it is secured. */
export interface Destination {
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Null for plaintext; else the protocols that may be spoken over TLS (ALPN), the first one preferred. */
  readonly protocols: readonly string[] | null;
}

/** Of a URL; https, wss and grpcs mean TLS. The usual ports are those of HTTP. */
export function toDestination({ protocol, hostname, port }: URL, protocols: readonly string[]): Destination {
  const isSecure = /^(?:https|wss|grpcs):$/.test(protocol);
  const usualPort = isSecure ? 443 : 80;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? usualPort : Number(port),
    protocols: isSecure ? protocols : null,
  };
}

/** `host:port`, as in a request for a tunnel. */
export function toAuthority({ host, port }: Pick<Destination, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
