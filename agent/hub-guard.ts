import { z } from 'zod';
import type { HubHello } from '../protocol/hello.ts';
import { type FileSystem } from '../runtime/file-system.ts';
import { writeDurably } from '../runtime/write-file.ts';
import type { DataFolder } from './data-folder.ts';
import { recordFile } from './record-file.ts';

/**
 * What was last seen of the hub's store. `restored`: it came back from an older copy, and nobody said yet that this is meant to be; its
 * counters grow again, so what they say later proves nothing.
 */
const SeenStore = z.object({
  storeId: z.string(),
  commits: z.int().min(0),
  leaseEpoch: z.int().min(0).default(0),
  restored: z.boolean().default(false),
});
type SeenStore = Readonly<z.infer<typeof SeenStore>>;

/**
 * - `trusted`: the store that was there before, and not an older state of it
 * - `changed`: another store, or the same one from before: whatever it wants may have been done already
 */
export type HubVerdict = { readonly type: 'trusted' } | { readonly type: 'changed'; readonly message: string };

/**
 * Remembers the hub's store across restarts, and tells a lost or restored one from the one that was there. Only somebody on this
 * machine can say that such a store is to be trusted all the same.
 */
export interface HubGuard {
  /**
   * Judges a hello. One that is trusted is remembered durably first. The `first` one of a channel comes with a lease of its own, above all
   * that a store gave before.
   */
  judge(hello: HubHello, options: { readonly first: boolean }): Promise<HubVerdict>;
  /** True when somebody asked to trust the store of the last hello: it is, from here on. */
  takeTrust(): Promise<boolean>;
}

/** Somebody on this machine trusts the hub's store as it is. A running agent notices; one that is started later does too. */
export async function requestTrust(fs: FileSystem, folder: DataFolder): Promise<void> {
  await writeDurably(fs, folder.trustHub, '');
}

function describeChange(seen: SeenStore, hello: HubHello): string {
  const what =
    seen.storeId === hello.storeId
      ? `its store was restored from an older copy (it is at commit ${hello.commits} and lease ${hello.leaseEpoch}, commit ${seen.commits} and lease ${seen.leaseEpoch} were seen before)`
      : 'it has another store than before';
  return `the hub ${hello.hub} may not know what ran here: ${what}. Nothing new is taken; if that is meant to be, run "farhand agent trust-hub" on this machine`;
}

function isOlder(hello: HubHello, seen: SeenStore, first: boolean): boolean {
  return hello.commits < seen.commits || (first && hello.leaseEpoch <= seen.leaseEpoch);
}

export async function openHubGuard(fs: FileSystem, folder: DataFolder): Promise<HubGuard> {
  const file = recordFile(fs, folder.hub, SeenStore);
  let seen = await file.read();
  let last: HubHello | null = null;
  let trusting = false;

  async function note(next: SeenStore): Promise<void> {
    // The first store that is seen counts when it is durable; what is news of it counts at once.
    if (seen !== null) seen = next;
    await file.write(next);
    seen = next;
  }

  async function remember({ storeId, commits, leaseEpoch }: HubHello): Promise<void> {
    await note({ storeId, commits, leaseEpoch, restored: false });
    trusting = true;
    await fs.remove(folder.trustHub);
  }

  return {
    async judge(hello, { first }) {
      last = hello;
      const isOther = seen !== null && seen.storeId !== hello.storeId;
      if (seen === null || (!isOther && !seen.restored && !isOlder(hello, seen, first))) {
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
