import { z } from 'zod';
import { Id, Sha256 } from '../../protocol/names.ts';

const folder = 'farhand-backup';

/** Names in the archive, in this order. */
export const backupFiles = {
  manifest: `${folder}/manifest.json`,
  store: `${folder}/hub.sqlite`,
  secretKey: `${folder}/secret-key`,
  logs: `${folder}/logs/`,
  seal: `${folder}/seal.json`,
} as const;

export const backupFormat = 1;

/** What stands first: which farhand can use it, and what it is a copy of. */
export const BackupManifest = z.object({
  format: z.int(),
  /** Of the farhand that made it. */
  version: z.string(),
  /** Steps of the store's tables. */
  schema: z.int(),
  madeAt: z.iso.datetime(),
  storeId: z.string(),
  commits: z.int(),
  hasSecretKey: z.boolean(),
});
export type BackupManifest = Readonly<z.infer<typeof BackupManifest>>;

/** What stands last, so that a copy that was cut short is none. */
export const BackupSeal = z.object({
  /** Of all that stands before it in the archive. */
  bytes: z.int(),
  sha256: Sha256,
  logs: z.int(),
  logBytes: z.int(),
  /** Attempts whose logs the copied store has, and that retention removed before they were copied. */
  removedLogs: z.array(Id),
});
export type BackupSeal = Readonly<z.infer<typeof BackupSeal>>;
