import type { IncomingMessage } from 'node:http';
import type { TrustedProxies } from './trusted-proxies.ts';

/**
 * What stands before a path of ours for whoever sent a request, without a slash at its end: '' when it was sent to the root, `/farhand` behind a front
 * that serves the hub there, the whole of `FARHAND_PUBLIC_URL` where that is set and `absolute` is asked for.
 */
export type PublicBase = (request: IncomingMessage, form: 'path' | 'absolute') => string;

const prefixPattern = /^(?:\/[A-Za-z0-9._~-]+)+\/?$/;

/** From `FARHAND_PUBLIC_URL`, else from `X-Forwarded-Prefix` of a trusted proxy. */
export function createPublicBase(options: {
  readonly publicUrl: URL | null;
  readonly trusted: TrustedProxies;
}): PublicBase {
  const { publicUrl, trusted } = options;
  if (publicUrl !== null) {
    const bases = { path: withoutSlash(publicUrl.pathname), absolute: withoutSlash(publicUrl.href) };
    return (_request, form) => bases[form];
  }
  return ({ socket, headers }) => {
    const prefix = headers['x-forwarded-prefix'];
    if (typeof prefix !== 'string' || !trusted.has(socket.remoteAddress ?? '')) return '';
    return prefixPattern.test(prefix) && prefix.length <= 255 ? withoutSlash(prefix) : '';
  };
}

function withoutSlash(text: string): string {
  return text.replace(/\/+$/, '');
}
