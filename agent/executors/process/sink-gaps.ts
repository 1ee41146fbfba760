import type { Gap } from '../../../protocol/attempt-result.ts';
import type { FileSystem } from '../../../runtime/file-system.ts';
import type { OutputFacts } from '../executor.ts';
import { readSinkRecord } from './sink.ts';

/** What was dropped between a command and its log, and where: by a limit, or because what stands between them died. */
export async function findSinkGaps(
  fileSystem: FileSystem,
  folder: string,
  { rawBytes, limitBytes, ofOtherUser }: OutputFacts,
): Promise<readonly Gap[]> {
  // Without a sink the command has the file itself.
  if (limitBytes === null && !ofOtherUser) return [];
  const total = await readSinkRecord(fileSystem, folder);
  if (total === null) return [{ at: rawBytes, bytes: null, why: 'sink-died' }];
  if (total <= rawBytes) return [];
  const isAtLimit = limitBytes !== null && rawBytes >= limitBytes;
  return [{ at: rawBytes, bytes: total - rawBytes, why: isAtLimit ? 'log-limit' : 'spool-full' }];
}
