import type { IncomingMessage } from 'node:http';
import type { Random } from '../../runtime/random.ts';

const wellFormed = /^[A-Za-z0-9][\w.~+/=:@-]{0,127}$/;

/** Name of the header that says it, both ways. */
export const requestIdHeader = 'x-request-id';

/**
 * By what logs, audit and problems name a request: what the caller says, so that it can be followed through what stands before the hub, else, and for
 * anything that would not do in a log, a new one.
 */
export function readRequestId({ headers }: Pick<IncomingMessage, 'headers'>, random: Random): string {
  const said = headers[requestIdHeader];
  return typeof said === 'string' && wellFormed.test(said) ? said : random.uuid();
}
