import type { Loop } from '../../runtime/loop-board.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { Accepted } from '../../transports/listener.ts';
import type { HubSessionChannel } from '../../transports/session-transport.ts';
import type { AgentPrincipal } from '../identity/agent-principal.ts';
import type { SessionOutcome } from '../metrics/session-counts.ts';
import type { AttemptRecord } from '../store/records.ts';
import { RunnerWishes } from './runner-wishes.ts';
import { Session } from './session.ts';
import type { SessionOptions } from './session-options.ts';
import { SessionRegistry } from './session-registry.ts';
import { SilentSessions } from './silent-sessions.ts';
import { createSpeaker } from './speaker.ts';

/** How long a session may be silent before its `open`. */
const openTimeoutMs = 10_000;

export type AcceptedSession<Principal> = Extract<Accepted<Principal>, { type: 'session' }>;

/** Serves sessions as they come: waits for `open`, ends an older session of the attempt, and lets `Session` do the rest. */
export class SessionService implements AsyncDisposable {
  readonly #options: SessionOptions;
  readonly #registry = new SessionRegistry();
  readonly #wishes = new RunnerWishes();
  readonly #silent = new SilentSessions();
  readonly #stopping = new AbortController();
  /** When each began, by the clock that never goes back. */
  readonly #serving = new Map<Promise<void>, number>();
  /** By their agents. */
  readonly #channels = new Map<HubSessionChannel, string>();
  readonly #loop: Loop;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#loop = options.loops.open('sessions', { words: () => this.#describe() });
  }

  /** Whether a session of this attempt is open. */
  isServing(attempt: string): boolean {
    return this.#registry.has(attempt);
  }

  /** Sessions that are open. */
  count(): number {
    return this.#serving.size;
  }

  /** Whether the agent may have another session: there are not too many of its on which nothing is served. */
  hasRoom(agentId: string): boolean {
    return this.#silent.hasRoom(agentId);
  }

  /** A runner that has the attempt hears of it. */
  attemptChanged(attempt: AttemptRecord): void {
    this.#wishes.changed(attempt);
  }

  /** Cuts the sessions of an agent that was revoked. */
  cut(agentId: string): void {
    for (const [channel, of] of this.#channels)
      if (of === agentId) void channel.close({ reason: 'this agent was revoked' });
  }

  serve(accepted: AcceptedSession<AgentPrincipal>): void {
    const serving = this.#serve(accepted).catch((error: unknown) => {
      this.#options.logger.error({ err: error, attempt: accepted.attempt }, 'session failed');
      this.#loop.failed(error);
    });
    this.#serving.set(serving, this.#options.clock.monotonic());
    void serving.finally(() => this.#serving.delete(serving));
  }

  /** Closes every session; agents come back for what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#serving.keys());
    this.#loop[Symbol.dispose]();
  }

  #describe(): string {
    const [first] = this.#serving.values();
    if (first === undefined) return 'none is open';
    const oldestMs = this.#options.clock.monotonic() - first;
    return `${this.#serving.size} are open, the oldest for ${Math.round(oldestMs / 1000)} s`;
  }

  async #serve({ channel, attempt, principal }: AcceptedSession<AgentPrincipal>): Promise<void> {
    const { clock, counts } = this.#options;
    const beganAt = clock.monotonic();
    let outcome: SessionOutcome = 'closed';
    const close = () => void channel.close({ reason: 'the hub is stopping', retryAfterMs: 1000 });
    this.#stopping.signal.addEventListener('abort', close);
    const frames = channel[Symbol.asyncIterator]();
    using silence = this.#silent.enter(principal.id);
    const onServed = () => silence[Symbol.dispose]();
    this.#channels.set(channel, principal.id);
    try {
      if (this.#options.isGone(principal.id)) return;
      const first = await this.#first(frames);
      // Whoever only looked whether the way carries sessions says nothing on one.
      if (first?.done === true) return;
      if (first === null || first.value.type !== 'open' || first.value.attempt !== attempt) {
        outcome = 'invalid-frame';
        await channel
          .send({
            type: 'error',
            code: 'invalid-frame',
            message: 'expected open for this attempt as the first frame',
            retryAfterMs: null,
          })
          .catch(() => {});
        return;
      }
      const open = first.value;
      const speaker = createSpeaker(this.#options.store, principal, open);
      const session = new Session(channel, speaker, attempt, { ...this.#options, wishes: this.#wishes, onServed });
      await session.serve(open, frames, this.#registry);
      outcome = session.outcome;
    } finally {
      this.#channels.delete(channel);
      counts.ended(outcome, clock.monotonic() - beganAt);
      this.#loop.turned();
      this.#stopping.signal.removeEventListener('abort', close);
      this.#options.heard(principal.id);
      await channel.close();
    }
  }

  async #first<T>(frames: AsyncIterator<T>): Promise<IteratorResult<T> | null> {
    const waiting = new AbortController();
    try {
      return await Promise.race([
        frames.next(),
        sleep(this.#options.clock, openTimeoutMs, waiting.signal).then(() => null),
      ]);
    } finally {
      waiting.abort('over');
    }
  }
}
