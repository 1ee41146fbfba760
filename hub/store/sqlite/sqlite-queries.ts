import type { Program } from '../program.ts';
import { queryPrograms } from '../query-programs.ts';
import type { Queries } from '../store.ts';
import { toStoreError } from './errors.ts';

/** Queries run in one go, between the commits of the same connection: each sees the last commit, and none keeps a snapshot open. */
export function createSqliteQueries(drive: <Result>(program: Program<Result>) => { readonly result: Result }): Queries {
  async function ask<Result>(program: Program<Result>): Promise<Result> {
    try {
      return drive(program).result;
    } catch (error) {
      throw toStoreError(error);
    }
  }

  return {
    job: (...input) => ask(queryPrograms.job(...input)),
    jobs: (...input) => ask(queryPrograms.jobs(...input)),
    submission: (...input) => ask(queryPrograms.submission(...input)),
    queuedJobs: (...input) => ask(queryPrograms.queuedJobs(...input)),
    attempt: (...input) => ask(queryPrograms.attempt(...input)),
    attempts: (...input) => ask(queryPrograms.attempts(...input)),
    openAttempts: (...input) => ask(queryPrograms.openAttempts(...input)),
    allOpenAttempts: (...input) => ask(queryPrograms.allOpenAttempts(...input)),
    agent: (...input) => ask(queryPrograms.agent(...input)),
    agentIdentity: (...input) => ask(queryPrograms.agentIdentity(...input)),
    agentByName: (...input) => ask(queryPrograms.agentByName(...input)),
    agents: (...input) => ask(queryPrograms.agents(...input)),
    revokedAgents: (...input) => ask(queryPrograms.revokedAgents(...input)),
    allAgents: (...input) => ask(queryPrograms.allAgents(...input)),
    factsOf: (...input) => ask(queryPrograms.factsOf(...input)),
    allFactsOf: (...input) => ask(queryPrograms.allFactsOf(...input)),
    factsHistory: (...input) => ask(queryPrograms.factsHistory(...input)),
    inventory: (...input) => ask(queryPrograms.inventory(...input)),
    inventoryItem: (...input) => ask(queryPrograms.inventoryItem(...input)),
    heldInventory: (...input) => ask(queryPrograms.heldInventory(...input)),
    hasInventory: (...input) => ask(queryPrograms.hasInventory(...input)),
    inventorySums: (...input) => ask(queryPrograms.inventorySums(...input)),
    tokenByHash: (...input) => ask(queryPrograms.tokenByHash(...input)),
    anyToken: (...input) => ask(queryPrograms.anyToken(...input)),
    tokens: (...input) => ask(queryPrograms.tokens(...input)),
    revokedTokens: (...input) => ask(queryPrograms.revokedTokens(...input)),
    joinTokens: (...input) => ask(queryPrograms.joinTokens(...input)),
    joinTokenByHash: (...input) => ask(queryPrograms.joinTokenByHash(...input)),
    audit: (...input) => ask(queryPrograms.audit(...input)),
    auditAfter: (...input) => ask(queryPrograms.auditAfter(...input)),
    auditOf: (...input) => ask(queryPrograms.auditOf(...input)),
    auditRemovedThrough: (...input) => ask(queryPrograms.auditRemovedThrough(...input)),
    account: (...input) => ask(queryPrograms.account(...input)),
    accounts: (...input) => ask(queryPrograms.accounts(...input)),
    quotasAfter: (...input) => ask(queryPrograms.quotasAfter(...input)),
    nextAccountWithJobs: (...input) => ask(queryPrograms.nextAccountWithJobs(...input)),
    earlierEnd: (...input) => ask(queryPrograms.earlierEnd(...input)),
    loggedAttempts: (...input) => ask(queryPrograms.loggedAttempts(...input)),
    logRemovals: (...input) => ask(queryPrograms.logRemovals(...input)),
    start: (...input) => ask(queryPrograms.start(...input)),
    agentsAhead: (...input) => ask(queryPrograms.agentsAhead(...input)),
    isEmpty: (...input) => ask(queryPrograms.isEmpty(...input)),
  };
}
