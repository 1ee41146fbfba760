import type { DatabaseSync } from 'node:sqlite';
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { Program, Step, StepAnswer } from '../program.ts';
import type { Schema } from '../schema.ts';
import { type CompiledStatement, compileStatement, type Statement } from '../statement.ts';
import type { Change } from '../store.ts';
import { toParameter } from './parameters.ts';
import { createStatementCache } from './statement-cache.ts';

/** What a driven program came to. */
export interface Driven<Result> {
  readonly result: Result;
  readonly changes: readonly Change[];
  /** Whether it ran anything but selects. */
  readonly wrote: boolean;
}

/** Kysely compiles, nothing more: it is given no connection. */
function createCompiler(): Kysely<Schema> {
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}

const nothing: StepAnswer = { rows: [], changed: 0 };
const maxPrepared = 256;

/** Drives programs to their end, synchronously, in whatever transaction the connection is. */
export function createProgramDriver(database: DatabaseSync): <Result>(program: Program<Result>) => Driven<Result> {
  const compiler = createCompiler();
  const prepare = createStatementCache(database, maxPrepared);
  const compiled = new Map<Statement<never, unknown>, CompiledStatement>();

  function compile(statement: Statement<never, unknown>): CompiledStatement {
    const known = compiled.get(statement);
    if (known !== undefined) return known;
    const made = compileStatement(compiler, statement);
    if (!statement.adHoc) compiled.set(statement, made);
    return made;
  }

  function ask(compiledStatement: CompiledStatement, input: object): StepAnswer {
    const { statement, reads } = prepare(compiledStatement.sql);
    const parameters = compiledStatement.bind(input).map(toParameter);
    if (reads) return { rows: statement.all(...parameters), changed: 0 };
    return { rows: [], changed: Number(statement.run(...parameters).changes) };
  }

  return (program) => {
    const changes: Change[] = [];
    let wrote = false;

    function take(step: Step): StepAnswer {
      if (step.type === 'change') {
        changes.push(step.change);
        return nothing;
      }
      const statement = compile(step.statement);
      wrote ||= statement.writes;
      return ask(statement, step.input);
    }

    let turn = program.next();
    while (turn.done !== true) turn = program.next(take(turn.value));
    return { result: turn.value, changes, wrote };
  };
}
