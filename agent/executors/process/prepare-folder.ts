import type { FileSystem } from '../../../runtime/file-system.ts';
import type { PreparedCommand } from '../../automations/prepared-command.ts';
import type { StartFailure } from '../executor.ts';
import { makeRoomForExit } from './exit-record.ts';
import { makeRoomForSink } from './sink.ts';

/** Makes what the wrapper and the command need in the attempt's folder. What an earlier start left there stays. */
export async function prepareFolder(
  fileSystem: FileSystem,
  folder: string,
  { files, output }: Pick<PreparedCommand, 'files' | 'output'>,
): Promise<StartFailure | null> {
  try {
    for (const { name, content, executable } of files) {
      await using handle = await fileSystem.open(`${folder}/${name}`, 'w', executable ? 0o700 : 0o600);
      await handle.write(Buffer.from(content));
    }
    await (await fileSystem.open(`${folder}/${output?.file ?? 'raw'}`, 'a', 0o600)).close();
    if ((output?.limitBytes ?? null) !== null) await makeRoomForSink(fileSystem, folder);
    await makeRoomForExit(fileSystem, folder);
    return null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return {
      type: 'failed',
      fault: 'environment',
      message: `Expected to prepare the attempt's folder, the system refused: ${message}`,
    };
  }
}
