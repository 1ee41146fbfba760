import type { z } from 'zod';

/** Answers the questions of the process that started this one, one after another, and ends with it. A failure ends it too, with its trace. */
export function serveParent<Question>(
  question: z.ZodType<Question>,
  answer: (question: Question) => Promise<object>,
): void {
  let last = Promise.resolve();
  process.on('message', (message) => {
    last = last.then(async () => {
      process.send?.(await answer(question.parse(message)));
    });
    last.catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    });
  });
  process.on('disconnect', () => process.exit(0));
}
