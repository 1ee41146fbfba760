import type { z } from 'zod';
import type { StartedProcess, Workplace } from './workplace.ts';

/** A program of `bench/programs` in a process of its own, which answers one question at a time. It ends with this process. */
export interface Servant extends AsyncDisposable {
  readonly pid: number;
  ask<T>(question: object, answer: z.ZodType<T>): Promise<T>;
}

export async function startServant(
  workplace: Workplace,
  program: string,
  args: readonly string[] = [],
): Promise<Servant> {
  const started = await workplace.start(process.execPath, [program, ...args], {
    cwd: workplace.folder,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return {
    pid: started.pid,
    async ask(question, answer) {
      return answer.parse(await exchange(started, question, program));
    },
    [Symbol.asyncDispose]: () => started.stop(),
  };
}

async function exchange({ child, ended }: StartedProcess, question: object, program: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const onMessage = (message: unknown) => resolve(message);
  child.once('message', onMessage);
  void ended.then(() => reject(new Error(`expected an answer of ${program}, it ended`)));
  child.send(question, (error) => error !== null && reject(error));
  try {
    return await promise;
  } finally {
    child.off('message', onMessage);
  }
}
