import { isLoopback } from '../runtime/configuration/loopback.ts';

/** Of the transports that are there, with those that do the same over TLS. */
const secureSchemes: Readonly<Record<string, string>> = {
  'ws:': 'wss:',
  'wss:': 'wss:',
  'grpc:': 'grpcs:',
  'grpcs:': 'grpcs:',
};

/** What is wrong with a URL of the hub, a line each. */
export function findHubUrlMistakes(hubUrl: URL, { insecure }: { readonly insecure: boolean }): readonly string[] {
  const broken: string[] = [];
  const secure = secureSchemes[hubUrl.protocol];
  if (secure === undefined) {
    broken.push(
      `FARHAND_HUB_URL: expected ws://, wss://, grpc:// or grpcs://, the transports that are there so far; got ${hubUrl.protocol}//`,
    );
  } else if (hubUrl.protocol !== secure && !insecure && !isLoopback(hubUrl.hostname)) {
    broken.push(
      `FARHAND_HUB_URL: expected ${secure}// for a hub on another machine, got ${hubUrl.protocol}//${hubUrl.host}. Set FARHAND_INSECURE=true only where the network may carry tokens and secrets in the clear`,
    );
  }
  if (secure === 'grpcs:' && !/^\/?$/.test(hubUrl.pathname)) {
    broken.push(
      `FARHAND_HUB_URL: expected no path, because gRPC has none of its own; got ${hubUrl.pathname}. Give the hub a host or port of its own, or dial it by wss://`,
    );
  }
  return broken;
}
