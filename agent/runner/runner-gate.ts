import { z } from 'zod';
import type { FileSystem } from '../../runtime/file-system.ts';
import type { SessionGate, SessionPass } from '../attempts/session-gate.ts';
import { recordFile } from '../record-file.ts';
import type { Way } from '../ways/way.ts';

const StartsRecord = z.object({ starts: z.int().min(1) });

/** Counts the starts of runners in one folder. Resolved: the count is durable, and above every one before it. */
export async function countStart(fs: FileSystem, path: string): Promise<number> {
  const file = recordFile(fs, path, StartsRecord);
  const starts = ((await file.read())?.starts ?? 0) + 1;
  await file.write({ starts });
  return starts;
}

/**
 * Lets a runner open sessions at any time: it has no control channel to wait for, and the order of its sessions is its count of starts.
 * Each session takes the next way, the best one first.
 */
export function createRunnerGate(starts: number, ways: readonly [Way, ...(readonly Way[])]): SessionGate {
  let entered = 0;
  return {
    heard: () => {},
    async enter(signal): Promise<SessionPass | null> {
      if (signal.aborted) return null;
      const { session } = ways[entered % ways.length] ?? ways[0];
      entered += 1;
      return { leaseEpoch: starts, transport: session };
    },
  };
}
