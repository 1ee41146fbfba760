import { z } from 'zod';
import { Started } from '../../../protocol/attempt-result.ts';
import { ByteCount } from '../../../protocol/names.ts';
import type { FileSystem } from '../../../runtime/file-system.ts';
import { hasCode } from '../../../runtime/has-code.ts';
import { writeDurably } from '../../../runtime/write-file.ts';
import { type RecordFile, recordFile } from '../../record-file.ts';
import { platformCauses } from '../platform-cause.ts';
import { DummySettings } from './dummy-settings.ts';

/** `dummy.json`: the fence. Who makes it first decides whether the command begins. */
const DummyFence = z.discriminatedUnion('type', [
  z.object({ type: z.literal('recovered') }),
  z.object({
    type: z.literal('started'),
    /** Wall time: whoever comes after a dead agent goes on by it. */
    at: z.number(),
    settings: DummySettings,
    /** Length of `raw` before its own output: a `before` hook may have printed. */
    rawFrom: ByteCount,
    /** Where its log ends; null for everywhere. */
    limitBytes: ByteCount.nullable(),
  }),
]);
export type DummyFence = Readonly<z.infer<typeof DummyFence>>;
export type DummyStart = Extract<DummyFence, { type: 'started' }>;

/** `dummy-end.json`: how it ended, durable before anybody is told. */
const DummyEnd = z.object({
  at: z.number(),
  status: z.int().nullable(),
  marked: z.boolean(),
  /** A platform's word; null for a plain status. */
  word: z
    .object({
      cause: z.enum(platformCauses),
      started: Started,
      retrySafe: z.boolean(),
      message: z.string(),
    })
    .nullable(),
  /** How long its log would be without a limit. */
  printedBytes: ByteCount,
});
export type DummyEnd = Readonly<z.infer<typeof DummyEnd>>;

/** What the dummy keeps of a command, in the attempt's folder. */
export interface DummyFolder {
  readonly end: RecordFile<DummyEnd>;
  readonly rawPath: string;
  readFence(): Promise<DummyFence | null>;
  /** Durable, and the answer is who has it. */
  takeFence(mine: DummyFence): Promise<'mine' | 'taken'>;
  hasIntent(): Promise<boolean>;
  isThere(): Promise<boolean>;
}

export function dummyFolder(fs: FileSystem, folder: string): DummyFolder {
  const path = `${folder}/dummy.json`;
  const fence = recordFile(fs, path, DummyFence);
  return {
    end: recordFile(fs, `${folder}/dummy-end.json`, DummyEnd),
    rawPath: `${folder}/raw`,
    readFence: () => fence.read(),
    async takeFence(mine) {
      const prepared = `${folder}/dummy-${mine.type}.json`;
      await writeDurably(fs, prepared, JSON.stringify(mine));
      try {
        // Exclusive, and never there without its content.
        await fs.link(prepared, path);
        return 'mine';
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
        return 'taken';
      } finally {
        await fs.syncFolder(folder);
        await fs.remove(prepared);
      }
    },
    hasIntent: async () => (await fs.lstat(`${folder}/intent.json`)) !== null,
    isThere: async () => (await fs.lstat(path)) !== null,
  };
}
