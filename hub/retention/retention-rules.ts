/** How much is kept. Infinity is no bound. */
export interface RetentionRules {
  /** Ended jobs go when they ended longer ago. */
  readonly jobsForMs: number;
  /** Of each account, the newest of its ended jobs stay. */
  readonly jobsPerAccount: number;
  /** The oldest logs of ended jobs go when all of them together take more. */
  readonly logBytes: number;
  /** Neither count nor bytes remove anything of a job that ended more recently. */
  readonly atLeastMs: number;
  readonly auditForMs: number;
  /** Agents that were revoked, or not heard of for so long, are removed. */
  readonly agentsForMs: number;
}

export const keepEverything: RetentionRules = {
  jobsForMs: Number.POSITIVE_INFINITY,
  jobsPerAccount: Number.POSITIVE_INFINITY,
  logBytes: Number.POSITIVE_INFINITY,
  atLeastMs: 0,
  auditForMs: Number.POSITIVE_INFINITY,
  agentsForMs: Number.POSITIVE_INFINITY,
};
