import { join } from 'node:path';
import type { FileSystem } from '../runtime/file-system.ts';

/** Where things lie in the agent's data folder. Absolute paths. */
export interface DataFolder {
  readonly root: string;
  /** Says that a later version changed the layout. Not there in this one. */
  readonly format: string;
  /** Held by the one agent that owns the folder. */
  readonly lock: string;
  /** The private key, PEM, mode 0600. */
  readonly key: string;
  /** One that is to take its place. */
  readonly nextKey: string;
  readonly identity: string;
  /** What was last seen of the hub's store. */
  readonly hub: string;
  /** Its presence is the word of somebody on this machine that the hub's store may be trusted. */
  readonly trustHub: string;
  readonly attempts: string;
  readonly tombstones: string;
  /** The namespaces of a cluster in which it made Jobs. */
  readonly jobNamespaces: string;
  /** A working folder for each probe. */
  readonly probes: string;
  /** Room kept for the records of attempts on a full disk. */
  readonly reserve: string;
}

export function toDataFolder(root: string): DataFolder {
  return {
    root,
    format: join(root, 'format.json'),
    lock: join(root, 'lock'),
    key: join(root, 'agent.key'),
    nextKey: join(root, 'agent.key.next'),
    identity: join(root, 'identity.json'),
    hub: join(root, 'hub.json'),
    trustHub: join(root, 'trust-hub'),
    attempts: join(root, 'attempts'),
    tombstones: join(root, 'tombstones'),
    jobNamespaces: join(root, 'job-namespaces.json'),
    probes: join(root, 'probes'),
    reserve: join(root, 'reserve'),
  };
}

/** Makes the folders that are not there, all of them 0700. */
export async function makeDataFolder(fs: FileSystem, folder: DataFolder): Promise<void> {
  for (const path of [folder.root, folder.attempts, folder.tombstones])
    await fs.mkdir(path, { mode: 0o700, recursive: true });
  await fs.syncFolder(folder.root);
}
