import { sleep } from '../../runtime/sleep.ts';
import type { Accepted } from '../../transports/listener.ts';
import type { AgentPrincipal } from '../identity/agent-principal.ts';
import { Session } from './session.ts';
import type { SessionOptions } from './session-options.ts';
import { SessionRegistry } from './session-registry.ts';

/** How long a session may be silent before its `open`. */
const openTimeoutMs = 10_000;

export type AcceptedSession<Principal> = Extract<Accepted<Principal>, { type: 'session' }>;

/** Serves sessions as they come: waits for `open`, ends an older session of the attempt, and lets `Session` do the rest. */
export class SessionService implements AsyncDisposable {
  readonly #options: SessionOptions;
  readonly #registry = new SessionRegistry();
  readonly #stopping = new AbortController();
  readonly #serving = new Set<Promise<void>>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Whether a session of this attempt is open. */
  isServing(attempt: string): boolean {
    return this.#registry.has(attempt);
  }

  /** Sessions that are open. */
  count(): number {
    return this.#serving.size;
  }

  serve(accepted: AcceptedSession<AgentPrincipal>): void {
    const serving = this.#serve(accepted).catch((error: unknown) => {
      this.#options.logger.error({ err: error, attempt: accepted.attempt }, 'session failed');
    });
    this.#serving.add(serving);
    void serving.finally(() => this.#serving.delete(serving));
  }

  /** Closes every session; agents come back for what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#serving);
  }

  async #serve({ channel, attempt, principal }: AcceptedSession<AgentPrincipal>): Promise<void> {
    const close = () => void channel.close({ reason: 'the hub is stopping', retryAfterMs: 1000 });
    this.#stopping.signal.addEventListener('abort', close);
    const frames = channel[Symbol.asyncIterator]();
    try {
      const first = await this.#first(frames);
      if (first === null || first.done === true || first.value.type !== 'open' || first.value.attempt !== attempt) {
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
      const session = new Session(channel, principal.id, attempt, this.#options);
      await session.serve(open, frames, this.#registry);
    } finally {
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
