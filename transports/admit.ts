import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Admission, Authenticate } from './credential.ts';

/** How soon one whom we could not judge in time may come back. */
const retryAfterMs = 1_000;

export interface AdmitOptions<Principal> {
  readonly authenticate: Authenticate<Principal>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long `authenticate` may take. */
  readonly timeoutMs: number;
}

/** Asks `authenticate`, for a bounded time. Whatever goes wrong, the answer is a refusal: nobody gets in by an error. */
export async function admit<Principal>(
  options: AdmitOptions<Principal>,
  request: Parameters<Authenticate<Principal>>[0],
): Promise<Admission<Principal>> {
  const { promise: late, resolve } = Promise.withResolvers<Admission<Principal>>();
  const timer = options.clock.schedule(options.timeoutMs, () =>
    resolve(unavailable('checking the credential took too long')),
  );
  try {
    return await Promise.race([options.authenticate(request), late]);
  } catch (error) {
    options.logger.error({ err: error, target: request.target }, 'authentication failed with an error');
    return unavailable('the credential could not be checked');
  } finally {
    timer.cancel();
  }
}

function unavailable<Principal>(message: string): Admission<Principal> {
  return { type: 'refused', code: 'unavailable', message: `${message}: try again`, retryAfterMs };
}
