import { describe } from 'node:test';
import { testAccounts } from './store/accounts.ts';
import { testAgents } from './store/agents.ts';
import { testAttempts } from './store/attempts.ts';
import { testAudit } from './store/audit.ts';
import { testCommits } from './store/commits.ts';
import { testFacts } from './store/facts.ts';
import { testGivingUp } from './store/giving-up.ts';
import { testGoneAgents } from './store/gone-agents.ts';
import { testInventory } from './store/inventory.ts';
import { testJobs } from './store/jobs.ts';
import { testLosses } from './store/losses.ts';
import { testPutBackStore } from './store/put-back-store.ts';
import { testQueries } from './store/queries.ts';
import { testRestoredStore } from './store/restored-store.ts';
import { testRetention } from './store/retention.ts';
import type { OpenStore } from './store/scene.ts';
import { testSecrets } from './store/secrets.ts';
import { testTokens } from './store/tokens.ts';

/** What every store does alike. An adapter passes it by calling this in its own test file. */
export function testStore(name: string, open: OpenStore): void {
  describe(`${name}: the store contract`, () => {
    testCommits(open);
    testJobs(open);
    testAttempts(open);
    testLosses(open);
    testGivingUp(open);
    testRestoredStore(open);
    testPutBackStore(open);
    testSecrets(open);
    testAgents(open);
    testGoneAgents(open);
    testFacts(open);
    testInventory(open);
    testTokens(open);
    testAccounts(open);
    testAudit(open);
    testQueries(open);
    testRetention(open);
  });
}
