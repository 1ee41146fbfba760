import { spawn } from 'node:child_process';
import { execa } from 'execa';
import { z } from 'zod';
import { momentCommand, parseMoment } from '../moment.ts';
import { runMany } from '../run-many.ts';
import { createWallClock } from '../wall-clock.ts';
import { serveParent } from './serve-parent.ts';

/** The bare limit of everything that starts processes: a small Node that does nothing else. */

const Question = z.discriminatedUnion('type', [
  z.object({ type: z.literal('moment') }),
  z.object({ type: z.literal('many'), by: z.enum(['execa', 'spawn']), forMs: z.number(), atOnce: z.int() }),
]);

const now = createWallClock();

function spawnNothing(): Promise<void> {
  return new Promise((resolve, reject) => {
    spawn('true', { stdio: 'ignore' })
      .on('error', reject)
      .on('exit', () => resolve());
  });
}

serveParent(Question, async (question) => {
  switch (question.type) {
    case 'moment': {
      const [program, ...args] = momentCommand;
      const from = now();
      const { stdout } = await execa(program, args);
      const to = now();
      return { startedMs: parseMoment(stdout) - from, endedMs: to - from };
    }
    case 'many':
      return runMany(question, question.by === 'execa' ? () => execa('true', { stdio: 'ignore' }) : spawnNothing);
  }
});
