import type { FastifyRequest } from 'fastify';
import type { Problem } from '../../../protocol/problem.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { type Principal, toActor } from '../../identity/principal.ts';
import type { HubMetrics } from '../../metrics/hub-metrics.ts';
import type { ApiLimits } from '../api-limits.ts';
import { toClientNetwork } from './client-network.ts';
import { FailedSignIns } from './failed-sign-ins.ts';
import { RateBuckets } from './rate-buckets.ts';
import { tooMany } from './too-many.ts';

/** What somebody may be told to wait for, though there is room. */
export type Rate = 'token-requests' | 'address-requests' | 'failed-sign-ins';

/** Seconds of the long-run rate that may come at once. */
const tokenBurstSeconds = 2;
/** Thousands of agents behind one address join at once when their site is set up. */
const addressBurstSeconds = 20;

/**
 * How often requests may come: by token or user, and for what needs no token by network. Each throws `ApiProblem` (`too-many`), which says what
 * is limited, by which key, and when to come again.
 */
export class RequestRates {
  readonly failures: FailedSignIns;
  readonly #tokens: RateBuckets;
  readonly #networks: RateBuckets;
  readonly #limits: ApiLimits;
  readonly #metrics: Pick<HubMetrics, 'refusals'>;

  constructor(options: {
    readonly limits: ApiLimits;
    readonly metrics: Pick<HubMetrics, 'refusals'>;
    readonly clock: Clock;
  }) {
    const { limits, clock } = options;
    const { requestsPerSecond, publicRequestsPerSecond } = limits;
    this.#limits = limits;
    this.#metrics = options.metrics;
    this.failures = new FailedSignIns({ free: limits.failedSignIns, clock });
    this.#tokens = new RateBuckets({
      perSecond: requestsPerSecond,
      burst: Math.max(1, requestsPerSecond * tokenBurstSeconds),
      clock,
    });
    this.#networks = new RateBuckets({
      perSecond: publicRequestsPerSecond,
      burst: Math.max(1, publicRequestsPerSecond * addressBurstSeconds),
      clock,
    });
  }

  countCaller(principal: Principal): void {
    const waitMs = this.#tokens.take(toActor(principal));
    if (waitMs === 0) return;
    const limit = this.#limits.requestsPerSecond;
    const full = { what: 'token-requests', limit, key: 'FARHAND_RATE_REQUESTS' };
    this.#defer('token-requests', `more than ${limit} requests a second came from this caller`, { waitMs, full });
  }

  /** Of what needs no token. */
  countNetwork(request: FastifyRequest): void {
    const waitMs = this.#networks.take(toClientNetwork(request.remote));
    if (waitMs === 0) return;
    const limit = this.#limits.publicRequestsPerSecond;
    const full = { what: 'address-requests', limit, key: 'FARHAND_RATE_PUBLIC_REQUESTS' };
    this.#defer('address-requests', `more than ${limit} requests a second came from this address`, { waitMs, full });
  }

  /** A join token did not count: one more failure, and where there were too many no answer but to wait. */
  countFailure(request: FastifyRequest): void {
    const network = toClientNetwork(request.remote);
    const waitMs = this.failures.shutForMs(network);
    if (waitMs === 0) {
      this.failures.add(network);
      return;
    }
    const full = { what: 'failed-sign-ins', limit: this.failures.free, key: 'FARHAND_MAX_FAILED_SIGN_INS' };
    this.#defer(
      'failed-sign-ins',
      'the join token is unknown, expired or used up, and too many that came from this address were',
      { waitMs, full },
    );
  }

  #defer(
    what: Rate,
    detail: string,
    { waitMs, full }: { readonly waitMs: number; readonly full: NonNullable<Problem['full']> },
  ): never {
    this.#metrics.refusals.request(what);
    throw tooMany(detail, { waitMs, full });
  }
}
