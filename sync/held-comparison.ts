import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { JsonValue } from '../protocol/json.ts';
import { type Digest, findDifferingBuckets, type HeldValue, toDigest } from './digest.ts';
import { cutList } from './list-pieces.ts';
import type { Outbox } from './outbox.ts';
import { createScopeTest, type Scope, wholeScope } from './scope.ts';
import type { SyncOptions } from './sync-options.ts';

/** What a comparison says: a list, complete for its scope, or a digest instead of one. */
export type HeldClaim<Item> =
  | { readonly type: 'list'; readonly items: readonly Item[]; readonly scope: Scope }
  | { readonly type: 'unscoped-list'; readonly items: readonly Item[] }
  | { readonly type: 'digest'; readonly digest: Digest };

/**
 * How the side that holds copies (the agent of specs, the source of statuses) tells the side that owns the truth what it
 * has: by a list on a new link when that is short, by one sum in each round. Where sums differ the owner answers with a finer
 * digest, and that is answered by lists of the buckets that differ. Each step stands alone: a lost one only ends this round.
 */
export interface HeldComparison {
  begin(why: 'link' | 'round'): void;
  answerDigest(theirs: Digest): void;
}

export function createHeldComparison<Item extends JsonValue>(given: {
  readonly digests: boolean;
  readonly options: SyncOptions;
  readonly outbox: Outbox;
  readonly held: () => readonly HeldValue[];
  /** Runs before a digest is made: forgets what need not be compared. */
  readonly tidy: () => Promise<void>;
  readonly toItem: (held: HeldValue) => Item;
  readonly toEvent: (claim: HeldClaim<Item>) => CloudEvent;
  /** Plain Open Cluster Management lists of hashes may come in pieces; those of versions must be whole. */
  readonly cutsUnscoped: boolean;
}): HeldComparison {
  const { digests, options, outbox, held, tidy, toItem, toEvent, cutsUnscoped } = given;

  const putList = (scope: Scope) => {
    outbox.put('list', async (publish) => {
      const isInScope = createScopeTest(scope);
      const listed = held().filter(({ id }) => isInScope(id));
      if (!digests && !cutsUnscoped) return publish(toEvent({ type: 'unscoped-list', items: listed.map(toItem) }));
      const pieces = cutList(listed, {
        scope,
        toItem,
        maxEntries: options.maxListEntries,
        maxBytes: options.maxListBytes,
      });
      for (const piece of pieces) {
        if (digests) await publish(toEvent({ type: 'list', ...piece }));
        // Without a scope an empty list asks for everything.
        else if (piece.items.length > 0 || listed.length === 0) {
          await publish(toEvent({ type: 'unscoped-list', items: piece.items }));
        }
      }
    });
  };

  return {
    begin(why) {
      if (!digests || (why === 'link' && held().length <= options.maxFirstListEntries)) {
        putList(wholeScope);
        return;
      }
      outbox.put('digest request', async (publish) => {
        await tidy();
        await publish(toEvent({ type: 'digest', digest: toDigest(held(), 1) }));
      });
    },
    answerDigest(theirs) {
      const buckets = findDifferingBuckets(held(), theirs);
      if (buckets.length > 0) putList({ of: theirs.of, buckets });
    },
  };
}
