import type { Outcome } from '../../protocol/attempt-result.ts';
import type { Offer } from '../../protocol/offer.ts';
import { type Attempt, createAttempt } from './attempt.ts';
import type { AttemptContext } from './attempt-context.ts';
import { listAttempts, removeOrphans } from './attempt-folder.ts';
import { isWorking } from './attempt-state.ts';

/** The attempts that this agent holds. */
export interface AttemptRegistry {
  get(id: string): Attempt | null;
  list(): readonly Attempt[];
  /** Those that take a slot: whatever has a command, or may still get one in the time its offer allowed. */
  working(): readonly Attempt[];
  /** Goes on with what an earlier agent left, slots or not. Resolves when every folder was read and decided on. */
  recover(): Promise<void>;
  /** Claims an attempt that is not held. False when there was no room for the claim. */
  claim(offer: Offer, traceparent: string | null): Promise<boolean>;
  /** Leaves all attempts to the next agent. Idempotent. */
  leave(): Promise<void>;
}

export interface AttemptListener {
  /** An attempt changed, or is not held any more. */
  changed(attempt: string): void;
  /** Somebody deleted the attempt's folder: it is not held any more, and nobody can say how it ended. */
  lost(attempt: string): void;
  /** The hub has accepted the result of an attempt, whose log has so many gaps. */
  accepted(outcome: Outcome, gaps: number): void;
}

export function createAttemptRegistry(context: AttemptContext, listener: AttemptListener): AttemptRegistry {
  const attempts = new Map<string, Attempt>();
  /** Until when a claim without a document takes a slot: after that the hub has withdrawn it, whether we heard of it or not. */
  const claimsStandUntil = new Map<string, number>();

  function hold(id: string): Attempt {
    const attempt = createAttempt({
      id,
      context,
      onChange: () => listener.changed(id),
      onAccepted: (outcome, gaps) => listener.accepted(outcome, gaps),
    });
    attempts.set(id, attempt);
    void drop(attempt);
    return attempt;
  }

  async function drop(attempt: Attempt): Promise<void> {
    await attempt.ended;
    await attempt.leave();
    if (attempts.get(attempt.id) !== attempt) return;
    attempts.delete(attempt.id);
    claimsStandUntil.delete(attempt.id);
    if (attempt.isLost) listener.lost(attempt.id);
    listener.changed(attempt.id);
  }

  function takesSlot(attempt: Attempt): boolean {
    if (attempt.isForgotten) return false;
    if (attempt.state.type !== 'claimed') return isWorking(attempt.state);
    return context.clock.monotonic() < (claimsStandUntil.get(attempt.id) ?? Number.POSITIVE_INFINITY);
  }

  function held(): readonly Attempt[] {
    return [...attempts.values()].filter(({ state }) => state.type !== 'gone');
  }

  return {
    get(id) {
      const attempt = attempts.get(id);
      return attempt === undefined || attempt.state.type === 'gone' ? null : attempt;
    },
    list: held,
    working: () => held().filter(takesSlot),
    async recover() {
      const { fs, folder, logger } = context;
      const ids = await listAttempts(fs, folder.attempts);
      await removeOrphans(fs, folder.attempts, ids).catch((err: unknown) =>
        logger.warn({ err }, 'folders that jobs of other users left cannot be removed'),
      );
      await Promise.all(ids.map((id) => hold(id).recover()));
    },
    claim(offer, traceparent) {
      claimsStandUntil.set(offer.attempt, context.clock.monotonic() + offer.allowedSeconds * 1000);
      return hold(offer.attempt).claimOffer(offer, traceparent);
    },
    async leave() {
      await Promise.all([...attempts.values()].map((attempt) => attempt.leave()));
    },
  };
}
