import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { JsonValue } from '../protocol/json.ts';
import { type Digest, findDifferingBuckets, type HeldValue, toDigest } from './digest.ts';
import { cutList } from './list-pieces.ts';
import type { Outbox } from './outbox.ts';
import type { Publish } from './publish.ts';
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

/** The side that holds them. */
export interface HeldComparisonOwner<Item extends JsonValue> {
  readonly digests: boolean;
  readonly options: SyncOptions;
  readonly outbox: Outbox;
  /** Plain Open Cluster Management lists of hashes may come in pieces; those of versions must be whole. */
  readonly cutsUnscoped: boolean;
  held(): readonly HeldValue[];
  /** Runs before a digest is made: forgets what need not be compared. */
  tidy(): Promise<void>;
  toItem(held: HeldValue): Item;
  toRequest(claim: HeldClaim<Item>): CloudEvent;
}

class SteppedComparison<Item extends JsonValue> implements HeldComparison {
  readonly #owner: HeldComparisonOwner<Item>;

  constructor(owner: HeldComparisonOwner<Item>) {
    this.#owner = owner;
  }

  begin(why: 'link' | 'round'): void {
    const owner = this.#owner;
    if (!owner.digests || (why === 'link' && owner.held().length <= owner.options.maxFirstListEntries)) {
      this.#putList(wholeScope);
      return;
    }
    owner.outbox.put('digest request', async (publish) => {
      await owner.tidy();
      await publish(owner.toRequest({ type: 'digest', digest: toDigest(owner.held(), 1) }));
    });
  }

  answerDigest(theirs: Digest): void {
    const buckets = findDifferingBuckets(this.#owner.held(), theirs);
    if (buckets.length > 0) this.#putList({ of: theirs.of, buckets });
  }

  #putList(scope: Scope): void {
    this.#owner.outbox.put('list', (publish) => this.#sendList(scope, publish));
  }

  async #sendList(scope: Scope, publish: Publish): Promise<void> {
    const owner = this.#owner;
    const { digests, options, cutsUnscoped } = owner;
    const isInScope = createScopeTest(scope);
    const listed = owner.held().filter(({ id }) => isInScope(id));
    const toItem = (held: HeldValue) => owner.toItem(held);
    if (!digests && !cutsUnscoped) {
      return publish(owner.toRequest({ type: 'unscoped-list', items: listed.map(toItem) }));
    }
    const pieces = cutList(listed, {
      scope,
      toItem,
      maxEntries: options.maxListEntries,
      maxBytes: options.maxListBytes,
    });
    for (const piece of pieces) {
      if (digests) await publish(owner.toRequest({ type: 'list', ...piece }));
      // Without a scope an empty list asks for everything.
      else if (piece.items.length > 0 || listed.length === 0) {
        await publish(owner.toRequest({ type: 'unscoped-list', items: piece.items }));
      }
    }
  }
}

export function createHeldComparison<Item extends JsonValue>(owner: HeldComparisonOwner<Item>): HeldComparison {
  return new SteppedComparison(owner);
}
