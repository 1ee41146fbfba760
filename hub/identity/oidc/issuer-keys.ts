import { createLocalJWKSet, errors, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';
import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { Loop, LoopBoard } from '../../../runtime/loop-board.ts';
import { sleep } from '../../../runtime/sleep.ts';
import { fetchIssuerKeys } from './fetch-issuer-keys.ts';
import { OidcError } from './oidc-error.ts';

type FindKey = ReturnType<typeof createLocalJWKSet>;
type PublicKey = Awaited<ReturnType<FindKey>>;

export interface IssuerKeysOptions {
  readonly issuer: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly loops: LoopBoard;
  readonly logger: Logger;
  readonly times?: IssuerTimes;
}

export interface IssuerTimes {
  /** The keys are asked for anew so often, whether anybody needs them or not. */
  readonly refreshMs: number;
  /** The same after it came to nothing. */
  readonly retryMs: number;
  /** For keys that nobody knows, the issuer is asked no more often than this. */
  readonly pauseMs: number;
  /** So long keys are good that the issuer could not be asked about. */
  readonly keepMs: number;
}

/** Tokens live for an hour or so, and no new ones come from an issuer that is down: six hours are enough for every one that there is. */
export const usualIssuerTimes: IssuerTimes = {
  refreshMs: 10 * 60_000,
  retryMs: 30_000,
  pauseMs: 5_000,
  keepMs: 6 * 3_600_000,
};

/** Beyond this a token's times are judged wrongly, one way or the other. */
const maxSkewMs = 30_000;
const dateStepMs = 1_000;

/**
 * The public keys of an issuer, asked for again and again by a loop of its own, and at once, within bounds, for a key that is not
 * known: so a rotation is noticed without a restart. What the issuer no longer names is no longer good, from the next answer on. While it
 * cannot be reached, known keys go on for `keepMs`.
 */
export class IssuerKeys implements AsyncDisposable {
  readonly #options: IssuerKeysOptions;
  readonly #times: IssuerTimes;
  readonly #stopping = new AbortController();
  readonly #loop: Loop;
  readonly #repeating: Promise<void>;
  #held: { readonly find: FindKey; readonly at: number } | null = null;
  /** How the last question to the issuer ended. */
  #last: { readonly at: number; readonly failure: OidcError | null } | null = null;
  #underWay: Promise<void> | null = null;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
    this.#times = options.times ?? usualIssuerTimes;
    this.#loop = options.loops.open('issuer');
    this.#repeating = this.#repeat();
  }

  /**
   * The key that signed, by what the token's header says. Null for one that the issuer does not name. Rejects with `OidcError` where that
   * cannot be known now.
   */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<PublicKey | null> {
    const known = await this.#lookUp(header, token);
    if (known !== null) return known;
    await this.#askOnce();
    const found = await this.#lookUp(header, token);
    if (found === null && this.#last !== null && this.#last.failure !== null) throw this.#last.failure;
    return found;
  }

  async #lookUp(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<PublicKey | null> {
    if (this.#held === null || this.#options.clock.monotonic() - this.#held.at > this.#times.keepMs) return null;
    try {
      return await this.#held.find(header, token);
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }

  /** Asks the issuer, unless that was done a moment ago; several who want to know wait for one answer. */
  async #askOnce(): Promise<void> {
    const { clock } = this.#options;
    if (this.#underWay === null && this.#last !== null && clock.monotonic() - this.#last.at < this.#times.pauseMs)
      return;
    await this.#ask();
  }

  #ask(): Promise<void> {
    this.#underWay ??= this.#refresh().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  /** Never rejects. */
  async #refresh(): Promise<void> {
    const { issuer, fetch, clock, logger } = this.#options;
    const { signal } = this.#stopping;
    const wasWell = this.#last?.failure === null;
    try {
      const { keys, aheadMs } = await fetchIssuerKeys(issuer, { fetch, signal, now: () => clock.now() });
      this.#held = { find: createLocalJWKSet({ keys: [...keys] }), at: clock.monotonic() };
      this.#last = { at: clock.monotonic(), failure: null };
      this.#loop.turned();
      if (!wasWell) logger.info({ issuer, keys: keys.length }, 'keys of the issuer are here');
      if (aheadMs !== null && Math.abs(aheadMs) > maxSkewMs + dateStepMs) {
        logger.warn({ issuer, aheadMs }, 'the clocks of the issuer and of this machine differ; tokens are misjudged');
      }
    } catch (error) {
      if (signal.aborted) return;
      const failure =
        error instanceof OidcError ? error : new OidcError('answer-invalid', 'unforeseen', { cause: error });
      this.#last = { at: clock.monotonic(), failure };
      this.#loop.failed(failure);
      logger.warn({ err: failure, issuer, holdsKeys: this.#held !== null }, 'keys of the issuer cannot be had now');
    }
  }

  async #repeat(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#loop.does('asks for the keys');
      await this.#ask();
      const pauseMs = this.#last?.failure === null ? this.#times.refreshMs : this.#times.retryMs;
      this.#loop.does('waits to ask for the keys again', { nextInMs: pauseMs });
      await sleep(clock, pauseMs, signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#repeating, this.#underWay]);
    this.#loop[Symbol.dispose]();
  }
}
