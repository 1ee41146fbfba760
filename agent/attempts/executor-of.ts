import type { Executor } from '../executors/executor.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { DocumentRecord } from './attempt-records.ts';

/** Who runs the attempt's command. One without a document has none, and the local one says so. */
export function executorOf({ executors }: AttemptContext, record: DocumentRecord | null): Executor {
  return record === null ? executors.local : executors.find(record.terms.executor);
}
