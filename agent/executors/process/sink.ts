import { type FileSystem, readSmallFile } from '../../../runtime/file-system.ts';

/** The variable that tells a sink from the other processes of its attempt. */
export const sinkMarkName = 'FARHAND_SINK';

/** POSIX counts the size of files in blocks of 512 bytes. */
const blockBytes = 512;

/** As the limit for `ulimit -f`; null for none. The log may pass `limitBytes` by less than a block. */
export function toBlocks(limitBytes: number | null): string {
  return limitBytes === null ? 'unlimited' : String(Math.ceil(limitBytes / blockBytes));
}

/**
 * What stands between a command and a log with a limit, or one that the command's user may not have open, in the attempt's folder, with the command's output as standard input:
 * `tee` writes each piece to `raw` as it comes and hands it on to `wc`, which counts it. The size that a file may have here
 * (`ulimit -f`) makes the kernel end `raw`, so no tool has to count to the byte for the log; `tee` goes on without it.
 *
 * It ends when the last process that has the output open does, and no signal but KILL ends it before: PIPE is ignored so that the
 * log outlives `wc`, XFSZ so that `tee` outlives the limit. It leads a session of its own where there is a `setsid`, so that a
 * KILL for the command's group leaves it time for what is still in the pipe.
 *
 * Its record, over the room made in `sink`: the bytes in `raw` before the first of it and the status of `tee`, then the count of
 * `wc`, a line each. The first line is written before `wc` can see the end, so both say: everything was read and counted.
 * Arguments: the limit in blocks, the file.
 */
export const sinkText = `trap '' TERM INT HUP PIPE XFSZ
command ulimit -f "$1" 2>/dev/null
exec 4<>sink
base=$(wc -c <"$2")
{ tee -a "$2" 4>&-; echo $base "$?" >&4; } 2>/dev/null | wc -c >&4
`;

/** Room for the longest record. Blanks only: without its lines it is not valid. */
const room = Buffer.alloc(48, ' ');

/** Makes the record's file before the start, so that a full disk still takes it. One that is there stays. */
export async function makeRoomForSink(fileSystem: FileSystem, folder: string): Promise<void> {
  if ((await fileSystem.lstat(`${folder}/sink`)) !== null) return;
  await using handle = await fileSystem.open(`${folder}/sink`, 'wx', 0o600);
  await handle.write(room);
}

/** `tee` ends with 0, and with 1 when a write failed: at the limit, or on a full disk. */
const wholeStatuses = new Set(['0', '1']);

/** How long the log would be without its limit; null when there is no whole record. */
export async function readSinkRecord(fileSystem: FileSystem, folder: string): Promise<number | null> {
  const bytes = await readSmallFile(fileSystem, `${folder}/sink`);
  if (bytes === null) return null;
  const content = Buffer.from(bytes).toString('latin1');
  const [, base, status, count] = /^(\d+) (\d+)\n *(\d+)\n *$/.exec(content) ?? [];
  if (status === undefined || !wholeStatuses.has(status)) return null;
  const total = Number(base) + Number(count);
  // The command can reach the file, where it is no other user's.
  return Number.isSafeInteger(total) ? total : null;
}
