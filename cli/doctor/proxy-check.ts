import type { Route } from '../../runtime/network/route.ts';
import { type Check, type Found, fault, ok } from './check.ts';

/** Which way leads to the hub: the same for whatever farhand sends there. */
export function createProxyCheck(route: Route): Check {
  return { name: 'proxy', about: 'hub', look: async () => judge(route) };
}

function judge(route: Route): Found {
  switch (route.type) {
    case 'direct':
      return ok(`none, the hub is dialled directly: ${route.why}`);
    case 'proxy':
      return ok(`the hub is dialled through ${route.proxy.shown} (${route.from})`);
    case 'unusable':
      return fault(
        `${route.from} names no proxy that farhand can go through (its value is not shown: it may hold a password)`,
        'Write http://HOST:PORT there, or set FARHAND_PROXY to a proxy that opens tunnels by HTTP (CONNECT), or to none',
      );
  }
}
