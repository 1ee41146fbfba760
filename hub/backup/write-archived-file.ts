import { open } from 'node:fs/promises';
import type { ArchivedFile } from './archive-reader.ts';

/** Writes it to a new file that only its owner can read, durably. Rejects with what the file system says, or the archive. */
export async function writeArchivedFile(path: string, file: ArchivedFile): Promise<void> {
  await using handle = await open(path, 'wx', 0o600);
  for await (const piece of file.content()) await handle.writeFile(piece);
  await handle.datasync();
}
