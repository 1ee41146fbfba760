import { z } from 'zod';
import { parseJson } from '../protocol/parse.ts';
import { type FileSystem, readSmallFile } from '../runtime/file-system.ts';
import { AgentError } from './agent-error.ts';
import type { DataFolder } from './data-folder.ts';

/**
 * Which layout of the data folder this version knows. The first one has no mark. A version whose files an older agent could do harm
 * with has the next number, and writes it before anything else; what an older agent may pass over (a key, a file) raises nothing.
 */
const knownFormat = 1;

const FormatRecord = z.object({ format: z.int().min(1) });

/** Rejects with `AgentError` (`data-folder`) for a folder that a later version has taken further, and where the mark cannot be read. */
export async function checkFolderFormat(fs: FileSystem, folder: DataFolder): Promise<void> {
  const bytes = await readSmallFile(fs, folder.format);
  if (bytes === null) return;
  const { format } = readFormat(bytes, folder.format);
  if (format <= knownFormat) return;
  throw new AgentError(
    'data-folder',
    `the data folder ${folder.root} has format ${format}, and this farhand knows ${knownFormat}: run the newer farhand that changed it. What runs there runs on meanwhile`,
  );
}

function readFormat(bytes: Uint8Array, path: string): z.infer<typeof FormatRecord> {
  try {
    return parseJson(FormatRecord, bytes, path);
  } catch (cause) {
    throw new AgentError(
      'data-folder',
      `${path} does not say which format the data folder has: expected {"format":${knownFormat}}`,
      { cause },
    );
  }
}
