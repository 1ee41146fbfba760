import { closeSync, openSync, readSync } from 'node:fs';

/** Holds nearly every file of `/proc/<pid>`, so that one read is enough, and comes from Node's pool. */
const usualBytes = 4_000;

/**
 * A file of `/proc/<pid>`: its bytes, or why there are none (`hidden`: the system does not show it to us). It throws when
 * this process is short of something (descriptors, memory), which must not be taken for an answer.
 *
 * Synchronous: a sweep reads hundreds of them, each takes a few microseconds, and a hop to the thread pool ten times that.
 */
export function readProcessFile(pid: number, name: 'stat' | 'environ'): Buffer | 'gone' | 'hidden' {
  let descriptor: number;
  try {
    descriptor = openSync(`/proc/${pid}/${name}`, 'r');
  } catch (error) {
    return toAbsence(error);
  }
  try {
    let buffer = Buffer.allocUnsafe(usualBytes);
    for (let length = 0; ; ) {
      length += readSync(descriptor, buffer, length, buffer.length - length, length);
      if (length < buffer.length) return buffer.subarray(0, length);
      buffer = Buffer.concat([buffer], 4 * buffer.length);
    }
  } catch (error) {
    return toAbsence(error);
  } finally {
    closeSync(descriptor);
  }
}

function toAbsence(error: unknown): 'gone' | 'hidden' {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ESRCH') return 'gone';
  if (code === 'EACCES' || code === 'EPERM') return 'hidden';
  throw error;
}
