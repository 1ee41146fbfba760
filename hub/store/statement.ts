import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/**
 * A query written once for every dialect. `build` gets a stand-in for each parameter, so an adapter compiles it once and binds
 * values ever after: parameters must go into the query as they are, never through a condition or a calculation in `build`.
 */
export interface Statement<Input, Row> {
  readonly build: (db: Kysely<Schema>, input: Input) => Compilable<Row>;
  /** Its text varies with what was asked, so it is compiled anew each time. */
  readonly adHoc: boolean;
}

export function statement<Input extends object, Row>(
  build: (db: Kysely<Schema>, input: Input) => Compilable<Row>,
): Statement<Input, Row> {
  return { build, adHoc: false };
}

/** For the few queries whose shape depends on the question. */
export function adHocStatement<Row>(build: (db: Kysely<Schema>) => Compilable<Row>): Statement<object, Row> {
  return { build, adHoc: true };
}

/** Takes the named members of `input`: an insert that lists its columns once. */
export function columnsOf<Row extends object, Key extends keyof Row>(
  input: Row,
  columns: readonly Key[],
): Pick<Row, Key> {
  return Object.fromEntries(columns.map((column) => [column, input[column]])) as Pick<Row, Key>;
}

class StandIn {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const standIns: object = new Proxy({}, { get: (_, name) => new StandIn(String(name)) });

export interface CompiledStatement {
  readonly sql: string;
  readonly writes: boolean;
  /** Values in the order of the text's parameters. */
  bind(input: object): unknown[];
}

export function compileStatement(db: Kysely<Schema>, statement: Statement<never, unknown>): CompiledStatement {
  const { sql, parameters, query }: CompiledQuery = statement.build(db, standIns as never).compile();
  return {
    sql,
    writes: query.kind !== 'SelectQueryNode',
    bind: (input) =>
      parameters.map((parameter) =>
        parameter instanceof StandIn ? (input as Record<string, unknown>)[parameter.name] : parameter,
      ),
  };
}
