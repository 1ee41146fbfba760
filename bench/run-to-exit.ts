import { interruption } from './interruption.ts';
import { Workplace } from './workplace.ts';

/** Runs in a workplace until it is through or somebody interrupts it, and ends this process with its exit code: nothing is left behind. */
export async function runToExit(run: (workplace: Workplace) => Promise<number>): Promise<never> {
  try {
    // Not left to a quiet end: what was interrupted in the middle still waits for processes that are gone.
    process.exit(await runInWorkplace(run));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  }
}

async function runInWorkplace(run: (workplace: Workplace) => Promise<number>): Promise<number> {
  const interrupted = interruption();
  await using workplace = await Workplace.create();
  return await Promise.race([run(workplace), interrupted]);
}
