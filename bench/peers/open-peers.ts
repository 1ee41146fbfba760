import type { Bench } from '../bench.ts';
import { type BullmqPeer, startBullmqPeer } from './bullmq-peer.ts';
import { type SshPeer, startSshPeer } from './ssh-peer.ts';

/** The peers that could be had, and a sentence about each that could not. */
export interface Peers extends AsyncDisposable {
  readonly ssh: SshPeer | null;
  /** By how its redis-server flushes. */
  readonly bullmq: { readonly always: BullmqPeer; readonly everysec: BullmqPeer } | null;
  readonly missing: readonly string[];
}

export async function openPeers(bench: Bench, { atOnce }: { readonly atOnce: number }): Promise<Peers> {
  await using opened = new AsyncDisposableStack();
  const missing: string[] = [];
  let ssh: Peers['ssh'] = null;
  if (bench.peers.has('ssh')) {
    ssh = await startSshPeer(bench.workplace);
    if (ssh === null) missing.push('ssh is missing: OpenSSH is not installed (Debian: openssh-server).');
    else opened.use(ssh);
  }
  let bullmq: Peers['bullmq'] = null;
  if (bench.peers.has('bullmq')) {
    try {
      const always = opened.use(await startBullmqPeer(bench, { fsync: 'always', atOnce, workers: 1 }));
      const everysec = opened.use(await startBullmqPeer(bench, { fsync: 'everysec', atOnce, workers: 1 }));
      bullmq = { always, everysec };
    } catch (error) {
      missing.push(`BullMQ is missing: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }
  const parts = opened.move();
  return { ssh, bullmq, missing, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
