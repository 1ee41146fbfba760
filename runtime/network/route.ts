import { isLoopback } from '../configuration/loopback.ts';
import type { Destination } from './destination.ts';
import { isExempt } from './no-proxy.ts';
import { type Proxy, parseProxy } from './proxy.ts';

/** Which way a connection takes, and who says so. */
export type Route =
  | { readonly type: 'direct'; readonly why: string }
  /** `from` is the variable that names the proxy. */
  | { readonly type: 'proxy'; readonly proxy: Proxy; readonly from: string }
  /** A variable names something that is no proxy as we know them. */
  | { readonly type: 'unusable'; readonly from: string };

/** What the configuration says of a proxy: that one, or none whatever the environment says. */
export type ProxyChoice =
  | { readonly type: 'none' }
  /** `from`: what names it, where that is not `FARHAND_PROXY`. */
  | { readonly type: 'proxy'; readonly proxy: Proxy; readonly from?: string };

export interface RouteSettings {
  /** `FARHAND_PROXY`; null where it is not set. It counts before the environment, for every destination. */
  readonly choice: ProxyChoice | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * In this order: the configuration; this machine is reached directly; NO_PROXY; HTTPS_PROXY for what is secured by TLS, HTTP_PROXY for what
 * is not; ALL_PROXY. A name in small letters counts before the same in capitals, and one that is empty is not set.
 */
export function chooseRoute({ choice, environment }: RouteSettings, destination: Destination): Route {
  if (choice?.type === 'none') return { type: 'direct', why: 'FARHAND_PROXY is none' };
  if (choice?.type === 'proxy') return { type: 'proxy', proxy: choice.proxy, from: choice.from ?? 'FARHAND_PROXY' };
  const named = find(environment, [destination.protocols === null ? 'http_proxy' : 'https_proxy', 'all_proxy']);
  if (named === null) return { type: 'direct', why: 'no variable names a proxy' };
  if (isLoopback(destination.host)) {
    return { type: 'direct', why: `${destination.host} is this machine, so ${named.variable} is not used` };
  }
  const exempt = find(environment, ['no_proxy']);
  if (exempt !== null && isExempt(destination, exempt.value)) {
    return { type: 'direct', why: `${exempt.variable} names ${destination.host}` };
  }
  const proxy = parseProxy(named.value);
  return proxy === null ? { type: 'unusable', from: named.variable } : { type: 'proxy', proxy, from: named.variable };
}

function find(
  environment: RouteSettings['environment'],
  names: readonly string[],
): { readonly variable: string; readonly value: string } | null {
  for (const variable of names.flatMap((name) => [name, name.toUpperCase()])) {
    const value = environment[variable]?.trim() ?? '';
    if (value !== '') return { variable, value };
  }
  return null;
}
