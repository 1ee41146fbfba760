import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { LinkEnd, LinkFailure } from '../greeted-channel.ts';
import { toFailureWords } from './failure-words.ts';
import type { Way } from './way.ts';
import type { WayLimits } from './way-limits.ts';
import type { WayStatus } from './way-status.ts';

export interface WayBoardOptions {
  /** The best one first. */
  readonly ways: readonly Way[];
  /** A hub cannot send an agent away for longer than this. */
  readonly maxHintMs: number;
  /** A channel that lived so long held. */
  readonly healthyMs: number;
  readonly limits: WayLimits;
  readonly clock: Clock;
  readonly random: Random;
}

/** What is known of one way. Times are those of the clock that never goes back. */
interface Known {
  failure: { readonly why: string; readonly at: number } | null;
  /** The hub asked not to be dialled there before. */
  notBefore: number;
  /** It failed: until then the others go first. */
  behindUntil: number;
  behindMs: number;
  /** Those in a row that came to nothing. Null once one was answered. */
  sessions: { readonly failures: number; readonly since: number; readonly isTold: boolean } | null;
}

/**
 * Which way to the hub is dialled next. The order is that of the configuration, except that one that failed a while ago goes behind the others until
 * its time has come; it is still tried when nothing else works. A way that failed again and again has to wait longer each time, so that one that takes
 * every dial and keeps no channel is not gone back to over and over.
 */
export class WayBoard {
  readonly #options: WayBoardOptions;
  readonly #known: readonly Known[];
  #used: number | null = null;
  #onSessionsFailed: () => void = () => {};

  constructor(options: WayBoardOptions) {
    this.#options = options;
    const { firstBehindMs: behindMs } = options.limits;
    this.#known = options.ways.map(() => ({ failure: null, notBefore: 0, behindUntil: 0, behindMs, sessions: null }));
  }

  /** All that may be dialled now, in the order to do it. Never empty. */
  toDial(): readonly number[] {
    const now = this.#now();
    const all = this.#known.map((_known, index) => index);
    const allowed = all.filter((index) => this.#get(index).notBefore <= now);
    if (allowed.length === 0) {
      return all.toSorted((one, other) => this.#get(one).notBefore - this.#get(other).notBefore).slice(0, 1);
    }
    const { true: behind = [], false: ahead = [] } = Object.groupBy(allowed, (index) => String(this.#isBehind(index)));
    return [...ahead, ...behind];
  }

  /** Those that are better than `index`, or all others, and whose time has come. */
  toTry(index: number, which: 'better' | 'others'): readonly number[] {
    const now = this.#now();
    return this.#others(index, which).filter((other) => this.#mayTryAt(other) <= now);
  }

  /** How long until there may be one of these; null where there is none. */
  nextTryInMs(index: number, which: 'better' | 'others'): number | null {
    const times = this.#others(index, which).map((other) => this.#mayTryAt(other));
    return times.length === 0 ? null : Math.max(0, Math.min(...times) - this.#now());
  }

  /** What the hub asked for on every way; null where one may be dialled as soon as we like. */
  hint(): number | null {
    const earliest = Math.min(...this.#known.map(({ notBefore }) => notBefore)) - this.#now();
    return earliest > 0 ? earliest : null;
  }

  failed(index: number, failure: LinkFailure): void {
    const known = this.#get(index);
    known.failure = { why: toFailureWords(failure), at: this.#options.clock.now() };
    this.#heedHint(known, failure);
    // Tried before its time, because nothing else was left: that tells nothing new of it.
    if (!this.#isBehind(index)) this.#putBehind(known);
  }

  /** The control channel is on it. */
  took(index: number): void {
    this.#used = index;
    // What is worse is not looked at meanwhile: what was known of it grows old.
    for (const known of this.#known.slice(index)) known.failure = null;
    const known = this.#get(index);
    if (known.sessions !== null) known.sessions = { failures: 0, since: 0, isTold: false };
  }

  /** The control channel that was on it has ended, after `livedMs`. Where that was meant, or the hub says when to come back, the way is not blamed. */
  lost(index: number, end: LinkFailure | LinkEnd, livedMs: number): void {
    const known = this.#get(index);
    this.#used = null;
    if (end.type === 'ended' || end.hint !== null) this.#heedHint(known, end);
    else if (livedMs < this.#options.healthyMs) this.failed(index, end);
    if (livedMs >= this.#options.healthyMs && known.sessions === null)
      known.behindMs = this.#options.limits.firstBehindMs;
  }

  /** The hub answered on a session. */
  sessionAnswered(index: number): void {
    this.#get(index).sessions = null;
  }

  /** A session could not be opened, or ended before the hub answered. */
  sessionFailed(index: number): void {
    const known = this.#get(index);
    const { failures, since, isTold } = known.sessions ?? { failures: 0, since: 0, isTold: false };
    known.sessions = { failures: failures + 1, since: failures === 0 ? this.#now() : since, isTold };
    if (isTold || index !== this.#used || !this.sessionsFail(index)) return;
    known.sessions = { ...known.sessions, isTold: true };
    this.#onSessionsFailed();
  }

  /** Whether sessions come to nothing there for so long that another way is better. */
  sessionsFail(index: number): boolean {
    const { sessionFailures, sessionFailuresMs } = this.#options.limits;
    const { sessions } = this.#get(index);
    return (
      sessions !== null && sessions.failures >= sessionFailures && this.#now() - sessions.since >= sessionFailuresMs
    );
  }

  /** One listener: called when sessions begin to fail on the way that is used. */
  onSessionsFailed(listener: () => void): void {
    this.#onSessionsFailed = listener;
  }

  list(): readonly WayStatus[] {
    const { ways, clock } = this.#options;
    return ways.map(({ url, control }, index) => {
      const { failure } = this.#get(index);
      const known = { url, transport: control.name };
      if (index === this.#used) return { ...known, state: 'used', why: null, failedAt: null, nextTryAt: null };
      if (failure === null) return { ...known, state: 'spare', why: null, failedAt: null, nextTryAt: null };
      const inMs = Math.max(0, this.#mayTryAt(index) - this.#now());
      const nextTryAt = new Date(clock.now() + inMs).toISOString();
      return { ...known, state: 'failed', why: failure.why, failedAt: new Date(failure.at).toISOString(), nextTryAt };
    });
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }

  #get(index: number): Known {
    const known = this.#known[index];
    if (known === undefined) throw new Error(`expected one of ${this.#known.length} ways, got ${index}`);
    return known;
  }

  #isBehind(index: number): boolean {
    return this.#get(index).behindUntil > this.#now();
  }

  #mayTryAt(index: number): number {
    const { notBefore, behindUntil } = this.#get(index);
    return Math.max(notBefore, behindUntil);
  }

  #others(index: number, which: 'better' | 'others'): readonly number[] {
    const all = this.#known.map((_known, other) => other);
    return which === 'better' ? all.slice(0, index) : all.filter((other) => other !== index);
  }

  #heedHint(known: Known, { hint }: Pick<LinkFailure, 'hint'>): void {
    if (hint === null) return;
    known.notBefore = this.#now() + Math.min(Math.max(hint, 0), this.#options.maxHintMs);
  }

  /** By a random part of the window, so that agents that lost a way together do not come back together. */
  #putBehind(known: Known): void {
    if (this.#known.length === 1) return;
    const { random, limits } = this.#options;
    known.behindUntil = this.#now() + known.behindMs * (0.5 + random.fraction());
    known.behindMs = Math.min(known.behindMs * 2, limits.maxBehindMs);
  }
}
