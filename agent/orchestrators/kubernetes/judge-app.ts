import type { AppState } from '../../../protocol/app.ts';
import type { AppCounts } from './app-counts.ts';

interface AppCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

interface AppFacts {
  readonly counts: AppCounts;
  /** Of the spec, and of the spec that the controller has looked at; null where nobody says. */
  readonly generation: number | null;
  readonly observedGeneration: number | null;
  readonly conditions: readonly AppCondition[];
}

/** How an app is. Deployments alone have conditions: of the others only the counts tell. First that fits. */
export function judgeApp(facts: AppFacts): { readonly state: AppState; readonly message: string | null } {
  const { counts, generation, observedGeneration } = facts;
  const { wanted, running, updated, available } = counts;
  if (observedGeneration === null) return { state: 'unknown', message: null };
  const trouble = findTrouble(facts);
  if (trouble !== null) return { state: 'degraded', message: trouble };
  if (generation !== null && observedGeneration < generation) return { state: 'changing', message: null };
  if (wanted === 0) return { state: running === 0 ? 'stopped' : 'changing', message: null };
  if (updated < wanted || running !== wanted) return { state: 'changing', message: null };
  if (available >= wanted) return { state: 'running', message: null };
  // A rollout that goes on; what it began with has not become ready yet.
  const isRollingOut = facts.conditions.some(
    ({ type, status, reason }) => type === 'Progressing' && status === 'True' && reason !== 'NewReplicaSetAvailable',
  );
  if (isRollingOut) return { state: 'changing', message: null };
  return { state: 'degraded', message: `${available} of ${wanted} instances are available` };
}

/** What the controller itself calls a failure. */
function findTrouble({ conditions }: AppFacts): string | null {
  const found = conditions.find(
    ({ type, status, reason }) =>
      (type === 'ReplicaFailure' && status === 'True') ||
      (type === 'Progressing' && status === 'False' && reason !== 'DeploymentPaused'),
  );
  return found === undefined ? null : found.message || found.reason;
}
