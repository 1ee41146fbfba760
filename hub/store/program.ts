import type { Statement } from './statement.ts';
import type { Change } from './store.ts';

/** What a program asks of the adapter that drives it. */
export type Step =
  | { readonly type: 'query'; readonly statement: Statement<never, unknown>; readonly input: object }
  | { readonly type: 'change'; readonly change: Change };

/** What a step came to: the rows that were read or returned, and how many were written. */
export interface StepAnswer {
  readonly rows: readonly unknown[];
  readonly changed: number;
}

/**
 * A command or query of the store, written once. It yields what it asks and is given the answer, so that SQLite drives it in one
 * go inside a savepoint and another adapter awaits each step inside a transaction. It touches nothing but its steps: an adapter
 * may abandon it and start it anew.
 */
export type Program<Result> = Generator<Step, Result, StepAnswer>;

export function* all<Input extends object, Row>(
  statement: Statement<Input, Row>,
  input: NoInfer<Input>,
): Program<readonly Row[]> {
  const answer = yield { type: 'query', statement, input };
  return answer.rows as readonly Row[];
}

export function* first<Input extends object, Row>(
  statement: Statement<Input, Row>,
  input: NoInfer<Input>,
): Program<Row | null> {
  const answer = yield { type: 'query', statement, input };
  return (answer.rows[0] as Row | undefined) ?? null;
}

/** Runs a write and answers how many rows it touched. */
export function* run<Input extends object>(
  statement: Statement<Input, unknown>,
  input: NoInfer<Input>,
): Program<number> {
  const answer = yield { type: 'query', statement, input };
  return answer.changed;
}

/** Tells subscribers, once the program's transaction is committed. */
export function* tell(change: Change): Program<void> {
  yield { type: 'change', change };
}
