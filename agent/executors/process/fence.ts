import { type FileSystem, readSmallFile } from '../../../runtime/file-system.ts';
import { hasCode } from '../../../runtime/has-code.ts';
import { writeDurably } from '../../../runtime/write-file.ts';

/**
 * The content of an attempt's `started`. The wrapper writes its process id and start time (in clock ticks since the boot,
 * null where the system does not tell), recovery writes that it took the fence itself. `at` is when, in wall time.
 */
export type Fence =
  | { readonly type: 'none' }
  | { readonly type: 'recovered' }
  | { readonly type: 'wrapper'; readonly pid: number; readonly startTime: string | null; readonly at: number }
  | { readonly type: 'unreadable'; readonly at: number };

const recoveredLine = 'recovered\n';

export async function readFence(fileSystem: FileSystem, folder: string): Promise<Fence> {
  const path = `${folder}/started`;
  const status = await fileSystem.lstat(path);
  if (status === null) return { type: 'none' };
  const at = status.modifiedAt;
  const content = await readText(fileSystem, path);
  if (content === recoveredLine) return { type: 'recovered' };
  const [, pid, startTime] = /^([1-9]\d{0,9}) (\d*)\n$/.exec(content) ?? [];
  if (pid === undefined) return { type: 'unreadable', at };
  return { type: 'wrapper', pid: Number(pid), startTime: startTime === '' ? null : (startTime ?? null), at };
}

/**
 * Takes the fence of an attempt: true when it is ours, on the disk. The file is prepared and flushed under another name
 * and gets its own by `link()`, which is exclusive: `started` is never there without its content.
 */
export async function takeFence(fileSystem: FileSystem, folder: string): Promise<boolean> {
  const prepared = `${folder}/fence`;
  await writeDurably(fileSystem, prepared, recoveredLine);
  try {
    await fileSystem.link(prepared, `${folder}/started`);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
  const { type } = await readFence(fileSystem, folder);
  await fileSystem.syncFolder(folder);
  await fileSystem.remove(prepared);
  return type === 'recovered';
}

async function readText(fileSystem: FileSystem, path: string): Promise<string> {
  const bytes = await readSmallFile(fileSystem, path);
  return bytes === null ? '' : Buffer.from(bytes).toString('latin1');
}
