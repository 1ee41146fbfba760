import type { ServerOptions } from 'node:http';

/** 16 KiB, as Node has it unless a flag says otherwise. */
const maxHeaderBytes = 16 * 1024;

/**
 * What a server of HTTP/1 takes: a head of 16 KiB, all of a request within `requestMs` from the connection's beginning, or from the first byte of a later request. Whoever
 * is later is answered 408 and hung up on; it is looked for them twice in that time.
 */
export function toServerBounds(requestMs: number) {
  return {
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    maxHeaderSize: maxHeaderBytes,
    // Node takes the larger of the two for the whole request, and its own for headers is a minute.
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(requestMs / 2, 15_000),
  } satisfies ServerOptions;
}
