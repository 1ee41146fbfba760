import { z } from 'zod';
import type { HubHello } from '../protocol/hello.ts';
import { type FileSystem, writeDurably } from '../runtime/file-system.ts';
import type { DataFolder } from './data-folder.ts';
import { recordFile } from './record-file.ts';

/** What was last seen of the hub's store. */
const SeenStore = z.object({ storeId: z.string(), commits: z.int().min(0) });
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
  /** Judges a hello. One that is trusted is remembered durably first. */
  judge(hello: HubHello): Promise<HubVerdict>;
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
      ? `its store was restored from an older copy (commit ${hello.commits}, ${seen.commits} was seen before)`
      : 'it has another store than before';
  return `the hub ${hello.hub} may not know what ran here: ${what}. Nothing new is taken; if that is meant to be, run "farhand agent trust-hub" on this machine`;
}

export async function openHubGuard(fs: FileSystem, folder: DataFolder): Promise<HubGuard> {
  const file = recordFile(fs, folder.hub, SeenStore);
  let seen = await file.read();
  let last: HubHello | null = null;
  let trusting = false;

  async function remember({ storeId, commits }: HubHello): Promise<void> {
    const next = { storeId, commits };
    await file.write(next);
    seen = next;
    trusting = true;
    await fs.remove(folder.trustHub);
  }

  return {
    async judge(hello) {
      last = hello;
      if (seen === null || (seen.storeId === hello.storeId && hello.commits >= seen.commits)) {
        await remember(hello);
        return { type: 'trusted' };
      }
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
