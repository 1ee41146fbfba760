import { isLoopback } from '../../runtime/configuration/loopback.ts';
import { type Check, type Found, ok, warning } from './check.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What variables name proxies, and what of it farhand keeps to. Agents dial directly, by websocket and gRPC alike: the one library asks
 * no environment, the other is told not to. HTTP calls (client commands, joining) go through Node's `fetch`, which minds the variables only with
 * NODE_USE_ENV_PROXY=1.
 */
export function createProxyCheck(
  url: URL,
  environment: Environment,
  { isAgent }: { readonly isAgent: boolean },
): Check {
  return { name: 'proxy', about: 'hub', look: async () => judge(url, environment, isAgent) };
}

function judge(url: URL, environment: Environment, isAgent: boolean): Found {
  const named = findProxy(url, environment);
  const heeded = environment['NODE_USE_ENV_PROXY'] === '1';
  if (named === null) {
    return ok(
      heeded
        ? 'NODE_USE_ENV_PROXY is set, and no variable names a proxy for this hub'
        : 'no variable names one: dialled directly',
    );
  }
  const place = `${named.variable} (${named.host})`;
  if (isLoopback(url.hostname) && !heeded) return ok(`${place} is not used: the hub is on this machine`);
  if (isAgent) {
    return warning(
      `${place} is not used: an agent dials ${url.hostname} directly${heeded ? '; only joining goes through it' : ''}`,
      `Let the firewall pass TCP to ${url.host} directly, and add ${url.hostname} to NO_PROXY so that everybody sees it is meant`,
    );
  }
  if (heeded) return ok(`${place} is used for client commands, because NODE_USE_ENV_PROXY=1`);
  return warning(
    `${place} is not used: ${url.hostname} is dialled directly`,
    `To go through it, set NODE_USE_ENV_PROXY=1; if direct is meant, add ${url.hostname} to NO_PROXY`,
  );
}

/** The proxy that the variables name for this URL, in the order in which most programs look. Without user and password. */
function findProxy(url: URL, environment: Environment): { readonly variable: string; readonly host: string } | null {
  if (isExempt(url, environment['no_proxy'] ?? environment['NO_PROXY'] ?? '')) return null;
  const scheme = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  for (const variable of [scheme, scheme.toUpperCase(), 'all_proxy', 'ALL_PROXY']) {
    const value = environment[variable];
    if (value === undefined || value === '') continue;
    const full = value.includes('://') ? value : `http://${value}`;
    return { variable, host: URL.canParse(full) ? new URL(full).host : 'not a URL' };
  }
  return null;
}

function isExempt({ hostname }: URL, list: string): boolean {
  return list
    .split(/[,\s]+/)
    .map((entry) =>
      entry
        .replace(/:\d+$/, '')
        .replace(/^\*?\./, '')
        .toLowerCase(),
    )
    .some((entry) => entry !== '' && (entry === '*' || hostname === entry || hostname.endsWith(`.${entry}`)));
}
