import type { FileSystem } from '../../../runtime/file-system.ts';
import type { PreparedCommand } from '../../automations/prepared-command.ts';
import type { StartFailure } from '../executor.ts';
import { toFolderFailure } from '../folder-failure.ts';
import { makeRoomForExit } from './exit-record.ts';
import { makeRoomForSink } from './sink.ts';
import { putUserFile } from './user-folder.ts';
import { hasSink } from './wrapper.ts';

/** Makes what the wrapper and the command need in the attempt's folder. What an earlier start left there stays. */
export async function prepareFolder(
  fileSystem: FileSystem,
  folder: string,
  command: Pick<PreparedCommand, 'files' | 'output' | 'runAs'>,
): Promise<StartFailure | null> {
  const { files, output, runAs } = command;
  try {
    for (const file of files) {
      if (runAs === undefined) await writeFile(fileSystem, folder, file);
      else await putUserFile(runAs, file);
    }
    await (await fileSystem.open(`${folder}/${output?.file ?? 'raw'}`, 'a', 0o600)).close();
    if (hasSink(command)) await makeRoomForSink(fileSystem, folder);
    await makeRoomForExit(fileSystem, folder);
    return null;
  } catch (error) {
    return toFolderFailure(error);
  }
}

async function writeFile(
  fileSystem: FileSystem,
  folder: string,
  { name, content, executable }: PreparedCommand['files'][number],
): Promise<void> {
  await using handle = await fileSystem.open(`${folder}/${name}`, 'w', executable ? 0o700 : 0o600);
  await handle.write(Buffer.from(content));
}
