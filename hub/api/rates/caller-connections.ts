import type { Socket } from 'node:net';
import { readDescriptorLimit } from '../../../runtime/descriptor-limit.ts';
import { type Principal, toActor } from '../../identity/principal.ts';
import type { HubMetrics } from '../../metrics/hub-metrics.ts';
import type { ApiLimits } from '../api-limits.ts';
import { tooMany } from './too-many.ts';

/** So many of an account's callers may each have all that one may have: whoever administers an account makes tokens as they like. */
const callersOfAccount = 4;
/** Of the descriptors that the process may have, for one account: the others are for agents, other accounts, logs and the store. */
const mostOfDescriptors = 1 / 4;
const waitMs = 5_000;

/** Who holds a connection: the caller, and the account that it counts for, too. */
type Holder = readonly [caller: string, account: string];

/**
 * How many connections each token or user may hold, and all of an account together. One on which several call, as a proxy's, is the one's who called
 * last. Whoever has enough is told so on the next, which stays a stranger's: it makes way for others.
 */
export class CallerConnections {
  readonly #most: number;
  readonly #metrics: Pick<HubMetrics, 'refusals'>;
  readonly #counts = new Map<string, number>();
  readonly #holders = new WeakMap<Socket, Holder>();
  readonly #onClose: (this: Socket) => void;

  constructor(options: { readonly limits: ApiLimits; readonly metrics: Pick<HubMetrics, 'refusals'> }) {
    const descriptors = (readDescriptorLimit() ?? Infinity) * mostOfDescriptors;
    this.#most = Math.max(1, Math.floor(Math.min(options.limits.connections, descriptors / callersOfAccount)));
    this.#metrics = options.metrics;
    const leave = (socket: Socket) => this.#leave(socket);
    this.#onClose = function forget() {
      leave(this);
    };
  }

  /** From now on it is the caller's. Throws `ApiProblem` (`too-many`) where they have enough: then it is whose it was. */
  take(socket: Socket, principal: Principal): void {
    const holder: Holder = [toActor(principal), `account:${principal.account}`];
    const [caller, account] = holder;
    const before = this.#holders.get(socket);
    if (before?.[0] === caller || socket.destroyed) return;
    if (this.#countOf(caller) >= this.#most) this.#refuse('this caller', this.#most);
    const mostOfAccount = this.#most * callersOfAccount;
    if (before?.[1] !== account && this.#countOf(account) >= mostOfAccount)
      this.#refuse('the callers of this account', mostOfAccount);
    if (before === undefined) socket.once('close', this.#onClose);
    else this.#add(before, -1);
    this.#holders.set(socket, holder);
    this.#add(holder, 1);
  }

  #leave(socket: Socket): void {
    const holder = this.#holders.get(socket);
    if (holder !== undefined) this.#add(holder, -1);
  }

  #countOf(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  #add(holder: Holder, more: 1 | -1): void {
    for (const key of holder) {
      const count = this.#countOf(key) + more;
      if (count === 0) this.#counts.delete(key);
      else this.#counts.set(key, count);
    }
  }

  #refuse(who: string, limit: number): never {
    this.#metrics.refusals.request('connections');
    const full = { what: 'connections', limit, key: 'FARHAND_MAX_CONNECTIONS' };
    throw tooMany(`${limit} connections of ${who} are open`, { waitMs, full });
  }
}
