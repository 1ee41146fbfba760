import type { Actor } from './actor.ts';
import type { EndPlace } from './retention-statements.ts';

/** Part of `Commands`: what is kept no longer, and what a store is told that was restored. */
export interface KeepingCommands {
  // Retention: each removes a bounded number, and is given again until it finds nothing
  /** The hub lived so long since it said so last; answers the time that ages are counted to. */
  'live-on': {
    input: { readonly livedMs: number; readonly at: number };
    result: { readonly livedTo: number };
  };
  /**
   * Ended jobs of the account, oldest first, with attempts, labels, idempotency keys and logs; their audit stays. One of which an attempt may still
   * come back goes only when it ended before `settledBefore`.
   */
  'remove-jobs': {
    input: {
      readonly account: string;
      readonly endedBefore: number;
      readonly settledBefore: number;
      readonly at: number;
    };
    result: { readonly jobs: number; readonly attempts: number; readonly logBytes: number };
  };
  /** Logs of attempts of jobs that ended before `endedBefore`, oldest first, until so many bytes are gone. `next` is where to go on. */
  'remove-logs': {
    input: {
      readonly bytes: number;
      readonly endedBefore: number;
      readonly after: EndPlace | null;
      readonly at: number;
    };
    result: { readonly logs: number; readonly bytes: number; readonly next: EndPlace | null };
  };
  /** The files of these logs are deleted. */
  'forget-log-removals': { input: { readonly attemptIds: readonly string[]; readonly at: number }; result: null };
  'remove-audit': {
    input: { readonly before: number; readonly at: number };
    result: { readonly events: number };
  };
  /** Join tokens that expired, or were used up, before `before`. */
  'remove-join-tokens': {
    input: { readonly before: number; readonly at: number };
    result: { readonly tokens: number };
  };
  /** The same of tokens of users that were revoked or expired. */
  'remove-tokens': {
    input: { readonly before: number; readonly at: number };
    result: { readonly tokens: number };
  };
  /** Agents that were revoked, or not heard of, since `before`. */
  'forget-agents': {
    input: { readonly before: number; readonly at: number };
    result: { readonly agents: number };
  };
  /** Attempts that were removed before `before`: from here on the hub does not know them. */
  'forget-attempts': {
    input: { readonly before: number; readonly at: number };
    result: { readonly attempts: number };
  };

  // After files were put back
  /**
   * An agent was told of more than this store has had: so it is an older state of that one. What it offered before this hub started, of these attempts,
   * may run by now.
   */
  'doubt-store': {
    input: {
      readonly agentId: string;
      /** Empty where the agent knows the count alone. */
      readonly startId: string;
      readonly commits: number;
      readonly offered: readonly string[];
      readonly at: number;
    };
    /** Whether jobs are to be held for it: not when what it knows was given up. */
    result: { readonly holds: boolean };
  };
  /** An agent says nothing any more that this store cannot account for. */
  'clear-doubt': { input: { readonly agentId: string; readonly at: number }; result: null };
  /** Somebody says that the store is to be gone on with as it is. Answers the agents that knew more, by name. */
  'trust-store': {
    input: { readonly actor: Actor; readonly at: number };
    result: { readonly agents: readonly string[] };
  };

  // After a restore
  /** The logs of these attempts are not there: they were removed before they could be copied. */
  'miss-logs': { input: { readonly attemptIds: readonly string[]; readonly at: number }; result: null };
  /** Jobs that waited when the copy was made that this store is: they may have run since, and are not to run again. */
  'cancel-copied': { input: { readonly jobIds: readonly string[]; readonly at: number }; result: null };
  /** This store is a copy of one that went on: what stood offered then, of these attempts, may run by now. */
  'adopt-copy': {
    input: { readonly offered: readonly string[]; readonly madeAt: string; readonly at: number };
    result: null;
  };
}
