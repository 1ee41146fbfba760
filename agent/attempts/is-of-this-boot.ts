import type { AttemptContext } from './attempt-context.ts';
import type { DocumentRecord } from './attempt-records.ts';
import { executorOf } from './executor-of.ts';

/** What the folder says of the command still holds: the machine was not restarted since, or that ends nothing of it. */
export function isOfThisBoot(context: AttemptContext, record: DocumentRecord): boolean {
  return record.machineBootId === context.machineBootId || executorOf(context, record).kind.capabilities.outlivesBoot;
}
