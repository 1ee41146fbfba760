import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import * as accountStatements from '../../../../hub/store/account-statements.ts';
import * as agentStatements from '../../../../hub/store/agent-statements.ts';
import * as attemptStatements from '../../../../hub/store/attempt-statements.ts';
import * as factsStatements from '../../../../hub/store/facts-statements.ts';
import * as inventoryStatements from '../../../../hub/store/inventory-statements.ts';
import * as jobStatements from '../../../../hub/store/job-statements.ts';
import * as retentionStatements from '../../../../hub/store/retention-statements.ts';
import type { Schema } from '../../../../hub/store/schema.ts';
import { migrate } from '../../../../hub/store/sqlite/migrate.ts';
import { compileStatement } from '../../../../hub/store/statement.ts';
import * as tokenStatements from '../../../../hub/store/token-statements.ts';

const compiler = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

/** Chores that look now and then at all agents or tokens, or at all attempts that are open, of which there are not many. */
function isSweep(name: string, detail: string): boolean {
  return (
    (name === 'readTicketsOut' && detail === 'SCAN attempts USING INDEX attempts_open') ||
    (['readForgottenAgents', 'readOverTokens', 'readGoneInventory', 'readInventorySums'].includes(name) &&
      /^SCAN (agents|tokens|inventory_sums)\b/.test(detail))
  );
}

describe('with a million jobs, every command finds its rows by an index', () => {
  const all = {
    ...jobStatements,
    ...attemptStatements,
    ...agentStatements,
    ...factsStatements,
    ...inventoryStatements,
    ...tokenStatements,
    ...retentionStatements,
    ...accountStatements,
  };
  for (const [name, statement] of Object.entries(all)) {
    test(name, () => {
      using database = new DatabaseSync(':memory:');
      migrate(database);
      const { sql } = compileStatement(compiler, statement);

      const plan = database.prepare(`explain query plan ${sql}`).all();

      const scans = plan
        .map(({ detail }) => String(detail))
        .filter((detail) => /SCAN|TEMP B-TREE/.test(detail) && !isSweep(name, detail));
      assert.deepEqual(scans, []);
    });
  }
});
