import { z } from 'zod';
import { Crowd } from '../crowd/crowd.ts';
import { wires } from '../wire.ts';
import { serveParent } from './serve-parent.ts';

/** Thousands of agents against one hub, in a process of their own, so that what they take is not the hub's. */
const Question = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('enrol'),
    hubUrl: z.string(),
    wire: z.enum(wires),
    joinToken: z.string(),
    first: z.int(),
    count: z.int(),
    maxRetryMs: z.number(),
  }),
  z.object({ type: z.literal('dial'), count: z.int(), atOnce: z.int(), patienceMs: z.number() }),
  z.object({ type: z.literal('await-down'), patienceMs: z.number() }),
  z.object({ type: z.literal('await-up'), patienceMs: z.number() }),
]);

const crowd = new Crowd();

async function answer(question: z.infer<typeof Question>): Promise<void> {
  switch (question.type) {
    case 'enrol':
      return crowd.enrol(question);
    case 'dial':
      return crowd.dial(question.count, question);
    case 'await-down':
      return crowd.until((up) => up === 0, question.patienceMs);
    case 'await-up':
      return crowd.until((up) => up === crowd.started, question.patienceMs);
  }
}

serveParent(Question, async (question) => {
  const from = performance.now();
  const cpu = process.cpuUsage();
  await answer(question);
  const { user, system } = process.cpuUsage(cpu);
  return { tookMs: performance.now() - from, cpuMs: (user + system) / 1000, up: crowd.up, whys: crowd.whys };
});
