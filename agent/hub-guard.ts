import { z } from 'zod';
import type { HubHello } from '../protocol/hello.ts';
import type { SeenStore, StorePlace } from '../protocol/seen-store.ts';
import { type FileSystem } from '../runtime/file-system.ts';
import { writeDurably } from '../runtime/write-file.ts';
import type { DataFolder } from './data-folder.ts';
import { recordFile } from './record-file.ts';

/**
 * The furthest that was seen of the hub's store. `restored`: it came back from an older copy, and nobody said yet that this is meant to be. Where hubs do
 * not tell of their starts, its counters grow again, so what they say later proves nothing.
 */
const StoreRecord = z.object({
  storeId: z.string(),
  startId: z.string().nullable().default(null),
  commits: z.int().min(0),
  leaseEpoch: z.int().min(0).default(0),
  restored: z.boolean().default(false),
});
type StoreRecord = Readonly<z.infer<typeof StoreRecord>>;

/**
 * - `trusted`: the store that was there before, and not an older state of it
 * - `changed`: another store, or the same one from before: whatever it wants may have been done already
 */
export type HubVerdict = { readonly type: 'trusted' } | { readonly type: 'changed'; readonly message: string };

/** Which hello of a channel it is, and what the agent said of stores in its own, before the hub answered. */
export interface Greeting {
  readonly first: boolean;
  readonly named: SeenStore | null;
}

/**
 * Remembers the hub's store across restarts, and tells a lost or restored one from the one that was there. Only somebody on this
 * machine can say that such a store is to be trusted all the same.
 */
export interface HubGuard {
  /**
   * Judges a hello. One that is trusted is remembered durably first. The `first` one of a channel comes with a lease of its own, above all
   * that a store gave before.
   */
  judge(hello: HubHello, greeting: Greeting): Promise<HubVerdict>;
  /**
   * The hub told on a session how far its store is. Counts at once, and for the next process on this folder as soon as the disk has taken it: it is not
   * waited for. Nothing of a start that no hello told of.
   */
  heard(place: StorePlace): void;
  /** What a hello tells the hub; null before any hub was seen. */
  readonly seen: SeenStore | null;
  /** True when somebody asked to trust the store of the last hello: it is, from here on. */
  takeTrust(): Promise<boolean>;
}

/** Somebody on this machine trusts the hub's store as it is. A running agent notices; one that is started later does too. */
export async function requestTrust(fs: FileSystem, folder: DataFolder): Promise<void> {
  await writeDurably(fs, folder.trustHub, '');
}

function describeChange(seen: StoreRecord, hello: HubHello): string {
  const what =
    seen.storeId === hello.storeId
      ? `its store was restored from an older copy (it is at commit ${hello.commits} and lease ${hello.leaseEpoch}, commit ${seen.commits} and lease ${seen.leaseEpoch} were seen before)`
      : 'it has another store than before';
  return `the hub ${hello.hub} may not know what ran here: ${what}. Nothing new is taken; if that is meant to be, run "farhand agent trust-hub" on this machine`;
}

/**
 * A hub that says what came of the start that the agent named proves by it that its store is that one, and has all that was seen of it, or that it is
 * not. Sessions tell of the same store beside the control channel, so a later hello of the same start may be older than what they told. Of a hub that
 * says nothing of starts, only counters tell.
 */
function isOlder(hello: HubHello, seen: StoreRecord, { first, named }: Greeting): boolean {
  if (first && hello.leaseEpoch <= seen.leaseEpoch) return true;
  if (hello.startId === null || seen.startId === null) return seen.restored || hello.commits < seen.commits;
  if (!first) return hello.startId !== seen.startId;
  return named === null || hello.commitsOfSeen === null || hello.commitsOfSeen < named.commits;
}

export async function openHubGuard(fs: FileSystem, folder: DataFolder): Promise<HubGuard> {
  const file = recordFile(fs, folder.hub, StoreRecord);
  let seen = await file.read();
  let last: HubHello | null = null;
  let trusting = false;
  let writing: Promise<void> = Promise.resolve();
  let isPutDue = false;

  /** One write at a time. */
  function inTurn(write: () => Promise<void>): Promise<void> {
    const written = writing.then(write);
    writing = written.catch(() => {});
    return written;
  }

  async function note(next: StoreRecord): Promise<void> {
    // The first store that is seen counts when it is durable; what is news of it counts at once.
    const isFirst = seen === null;
    if (!isFirst) seen = next;
    await inTurn(() => file.write(next));
    if (isFirst) seen = next;
  }

  async function remember({ storeId, startId, commits: told, leaseEpoch }: HubHello): Promise<void> {
    const isSame = startId !== null && seen?.storeId === storeId && seen.startId === startId;
    const commits = isSame && seen !== null ? Math.max(seen.commits, told) : told;
    await note({ storeId, startId, commits, leaseEpoch, restored: false });
    trusting = true;
    await fs.remove(folder.trustHub);
  }

  return {
    get seen() {
      if (seen === null) return null;
      const { storeId, startId, commits, leaseEpoch } = seen;
      return { storeId, startId, commits, leaseEpoch };
    },
    heard({ storeId, startId, commits }) {
      const isKnown = seen?.storeId === storeId && seen.startId === startId && startId !== null;
      if (seen === null || !isKnown || commits <= seen.commits) return;
      seen = { ...seen, commits };
      if (isPutDue) return;
      isPutDue = true;
      const put = inTurn(async () => {
        isPutDue = false;
        if (seen !== null) await file.put(seen);
      });
      void put.catch(() => {});
    },
    async judge(hello, how) {
      last = hello;
      const isOther = seen !== null && seen.storeId !== hello.storeId;
      if (seen === null || (!isOther && !isOlder(hello, seen, how))) {
        // A disk that takes nothing takes no claim either, and must not keep back the results that would free it.
        if (seen === null) await remember(hello);
        else await remember(hello).catch(() => {});
        return { type: 'trusted' };
      }
      if (!isOther && !seen.restored) await note({ ...seen, restored: true });
      // A word that was given while there was nothing to distrust is not about this store.
      if (trusting) await fs.remove(folder.trustHub);
      trusting = false;
      return { type: 'changed', message: describeChange(seen, hello) };
    },
    async takeTrust() {
      if (last === null || (await fs.lstat(folder.trustHub)) === null) return false;
      await remember(last);
      return true;
    },
  };
}
