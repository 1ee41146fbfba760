import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { serveParent } from './serve-parent.ts';

/** Runs commands and digests what they print. */
const Question = z.object({ argv: z.tuple([z.string()], z.string()), atOnce: z.int() });

async function digestOne([program, ...args]: readonly [string, ...string[]]): Promise<object> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const piece of child.stdout) {
    digest.update(piece as Buffer);
    bytes += (piece as Buffer).length;
  }
  return { bytes, sha256: digest.digest('hex') };
}

serveParent(Question, async ({ argv, atOnce }) => {
  const from = performance.now();
  const received = await Promise.all(Array.from({ length: atOnce }, () => digestOne(argv)));
  return { tookMs: performance.now() - from, received };
});
