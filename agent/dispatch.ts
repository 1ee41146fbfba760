import type { AttemptReport, DeclineReason, Offer } from '../protocol/offer.ts';
import { toTraceId } from '../protocol/trace-context.ts';
import type { Logger } from '../runtime/logger.ts';
import type { LoopBoard } from '../runtime/loop-board.ts';
import type { SpecEntry } from '../sync/spec-entry.ts';
import type { SpecHandler } from '../sync/spec-handler.ts';
import type { StatusEntry, StatusLister } from '../sync/status-lister.ts';
import type { AgentCounter } from './agent-counts.ts';
import type { AttemptRegistry } from './attempts/attempt-registry.ts';
import type { Spool } from './attempts/spool.ts';
import type { Tombstones } from './attempts/tombstones.ts';
import type { Catalog } from './automations/catalog.ts';
import type { Executors } from './executors/executors.ts';
import { toOneLine } from './one-line.ts';

/** Offers that were declined are remembered up to this many, oldest forgotten first: the hub asks again if it must. */
const maxDeclined = 1000;
/** Of `AttemptReport`. */
const maxMessageLength = 1024;

type WantedAttempt = Extract<SpecEntry<Offer>, { readonly type: 'wanted' }>;

export interface Decline {
  readonly reason: DeclineReason;
  readonly message: string;
}

const folderGone: Decline = {
  reason: 'state-lost',
  message: 'this attempt got its document, and its folder is gone',
};
const storeChanged: Decline = { reason: 'store-changed', message: 'the hub has another store than before' };

export interface DispatchOptions {
  readonly attempts: AttemptRegistry;
  readonly tombstones: Tombstones;
  readonly catalog: Catalog;
  readonly executors: Executors;
  readonly spool: Spool;
  readonly slots: number;
  /** The hub's store is another one: nothing it wants is done, because it may have been done before. */
  readonly isDistrusted: () => boolean;
  /** Why this offer is not taken whatever room there is; null when it is. */
  readonly refuse: (offer: Offer) => Decline | null;
  readonly logger: Logger;
  readonly counter: Pick<AgentCounter, 'claimed' | 'declined'>;
  readonly loops: LoopBoard;
}

/** Turns offers into claims or reasons why not, and says how every attempt stands. */
export interface Dispatch extends Disposable {
  readonly handler: SpecHandler<Offer>;
  readonly statuses: StatusLister<AttemptReport>;
  readonly slots: { readonly total: number; readonly used: number };
  /** This agent held the attempt, and its folder was deleted. */
  lost(attempt: string): void;
}

export function createDispatch(options: DispatchOptions): Dispatch {
  const { attempts, tombstones, catalog, executors, spool, slots, logger, counter } = options;
  const declined = new Map<string, AttemptReport>();

  const loop = options.loops.open('dispatch', {
    words: () => `${attempts.working().length} of ${slots} slots are taken; waits for offers`,
  });

  function decline({ spec, traceparent }: WantedAttempt, why: Decline): void {
    const { attempt, job, automation } = spec;
    counter.declined(why.reason);
    logger.info({ attempt, job, automation, traceId: toTraceId(traceparent), reason: why.reason }, 'offer declined');
    remember(attempt, why);
  }

  function remember(attempt: string, { reason, message }: Decline): void {
    declined.delete(attempt);
    declined.set(attempt, { phase: 'declined', reason, message, startedAt: null, rawBytes: null });
    const oldest = declined.keys().next();
    if (declined.size > maxDeclined && oldest.done !== true) declined.delete(oldest.value);
  }

  /** Only this folder could have run it, and it is not there. */
  async function findLoss(offer: Offer): Promise<Decline | null> {
    if (await tombstones.has(offer.attempt))
      return { reason: 'state-lost', message: 'this attempt ended here, and its folder was freed' };
    if (offer.documentSent) return folderGone;
    return null;
  }

  /** Synchronous, so that of offers that come together no two take the same slot. */
  function findObstacle(offer: Offer, hasRoom: boolean): Decline | null {
    const refusal = options.refuse(offer);
    if (refusal !== null) return refusal;
    const automation = catalog.current.automations.get(offer.automation);
    if (automation === undefined)
      return {
        reason: 'unknown-automation',
        message: `this agent offers no automation ${JSON.stringify(offer.automation)}`,
      };
    if (offer.digest !== null && offer.digest !== automation.digest) {
      return {
        reason: 'unknown-automation',
        message: `this agent offers another version of ${JSON.stringify(offer.automation)}`,
      };
    }
    if (automation.probe !== null) {
      return {
        reason: 'unknown-automation',
        message: `${JSON.stringify(offer.automation)} is a probe: this agent runs it by itself, and no job does`,
      };
    }
    const obstacle = executors.find(automation.executor.name).obstacle();
    if (obstacle !== null) return { reason: 'executor-unavailable', message: toOneLine(obstacle, maxMessageLength) };
    const working = attempts.working();
    if (working.length >= slots) return { reason: 'no-slot', message: `all ${slots} slots are taken` };
    const same = working.filter(({ automation: name }) => name === offer.automation).length;
    if (automation.maxConcurrent !== null && same >= automation.maxConcurrent) {
      return {
        reason: 'automation-busy',
        message: `at most ${automation.maxConcurrent} of ${JSON.stringify(offer.automation)} at a time`,
      };
    }
    if (!hasRoom) return { reason: 'spool-full', message: 'no room for the output of another job' };
    return null;
  }

  async function apply(entry: SpecEntry<Offer>): Promise<'later' | void> {
    // Absence and deletion stop nothing: only `desired: cancel` does, and only a session's last word frees a folder.
    if (entry.type === 'deleted') return;
    const { spec: offer, traceparent } = entry;
    const held = attempts.get(offer.attempt);
    if (options.isDistrusted()) {
      if (held === null) decline(entry, storeChanged);
      return;
    }
    if (held !== null) {
      if (offer.desired === 'cancel') held.cancel();
      return;
    }
    const loss = await findLoss(offer);
    if (loss !== null) return decline(entry, loss);
    if (offer.desired === 'cancel') return;
    const obstacle = findObstacle(offer, await spool.hasRoom());
    if (obstacle !== null) return decline(entry, obstacle);
    declined.delete(offer.attempt);
    if (await attempts.claim(offer, traceparent)) {
      counter.claimed();
      return 'later';
    }
    loop.failed('the claim could not be written');
    decline(entry, { reason: 'failed', message: 'the claim could not be written' });
  }

  async function take(entry: SpecEntry<Offer>): Promise<'later' | void> {
    try {
      const answer = await apply(entry);
      loop.turned();
      return answer;
    } catch (error) {
      loop.failed(error);
      throw error;
    }
  }

  function statusOf(id: string): AttemptReport | null {
    return attempts.get(id)?.report ?? declined.get(id) ?? null;
  }

  return {
    handler: { apply: take },
    statuses: {
      async list() {
        const ids = new Set([...attempts.list().map(({ id }) => id), ...declined.keys()]);
        return [...ids].flatMap((id): StatusEntry<AttemptReport>[] => {
          const status = statusOf(id);
          return status === null ? [] : [{ id, status }];
        });
      },
      get: async (id) => statusOf(id),
    },
    lost: (attempt) => remember(attempt, folderGone),
    get slots() {
      return { total: slots, used: attempts.working().length };
    },
    [Symbol.dispose]: () => loop[Symbol.dispose](),
  };
}
