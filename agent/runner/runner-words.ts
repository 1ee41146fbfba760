import { z } from 'zod';
import { ByteCount, Sha256 } from '../../protocol/names.ts';

/** All of a command's log, which the hub has: its length and its digest. */
export const WholeLog = z.object({ bytes: ByteCount, sha256: Sha256 });
export type WholeLog = Readonly<z.infer<typeof WholeLog>>;

/**
 * What a runner leaves as the last words of its container, where it leaves it to the platform to say why the pod ended.
 *
 * - `log`: the command was at work, and the hub has all that it printed
 * - `unborn`: the command never began and never will: the runner took the fence
 */
export type RunnerWords = { readonly type: 'log'; readonly log: WholeLog } | { readonly type: 'unborn' };

const unborn = 'farhand: never began\n';

export function toRunnerWords(words: RunnerWords): string {
  return words.type === 'unborn' ? unborn : `farhand: log ${words.log.bytes} ${words.log.sha256}\n`;
}

/** Null where they are none of a runner. */
export function parseRunnerWords(message: string): RunnerWords | null {
  if (message === unborn) return { type: 'unborn' };
  const [, bytes, sha256] = /^farhand: log (\d{1,15}) ([0-9a-f]{64})\n$/.exec(message) ?? [];
  return bytes === undefined || sha256 === undefined ? null : { type: 'log', log: { bytes: Number(bytes), sha256 } };
}
