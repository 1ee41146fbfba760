import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A fixture in a process of its own, and the lines it wrote. */
export interface Child extends AsyncDisposable {
  /** Resolves when it has written so many lines. */
  lines(count: number): Promise<void>;
  /** Kill -9; resolves with all whole lines it wrote. */
  kill(): Promise<readonly string[]>;
}

export function startChild(fixture: string, ...args: readonly string[]): Child {
  const path = join(import.meta.dirname, '..', 'fixtures', fixture);
  const child: ChildProcess = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const written: string[] = [];
  let whenWritten = () => {};
  if (child.stdout === null) throw new Error('a child without output');
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    written.push(line);
    whenWritten();
  });

  async function kill(): Promise<readonly string[]> {
    child.kill('SIGKILL');
    await ended;
    return written;
  }

  return {
    lines(count) {
      return new Promise((resolve, reject) => {
        whenWritten = () => {
          if (written.length >= count) resolve();
        };
        child.once('exit', () => reject(new Error(`the fixture ended after ${written.length} lines`)));
        whenWritten();
      });
    },
    kill,
    [Symbol.asyncDispose]: async () => void (await kill()),
  };
}
