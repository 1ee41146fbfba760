import type { JobDocument } from '../../protocol/job-document.ts';
import type { Automation } from '../automations/automation.ts';
import type { CommandHandover } from '../automations/prepared-command.ts';
import { neighbourKind } from '../executors/neighbour/neighbour-kind.ts';
import type { RunnerOrder } from '../runner/runner-order.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { ClaimRecord } from './attempt-records.ts';

/** What the one command of a pod is not enough for: hooks run where the agent is, around a command that it sees, and a log that goes on beyond its limit has another writer. */
function needsAgent({ before, after, log }: Automation): boolean {
  return before !== null || after !== null || (log.over === 'gap' && !neighbourKind.capabilities.limitsOutput);
}

/** Whether the attempt is to be given to a runner. Where it is not, the executor runs its command by itself. */
export function handsOver({ catalog, executors }: AttemptContext, { automation: name }: ClaimRecord): boolean {
  const automation = catalog.current.automations.get(name);
  if (automation === undefined || needsAgent(automation)) return false;
  return executors.find(automation.executor.name).handsOver === true;
}

/** A cluster that takes all of the time that it may, and an agent or a hub that is away meanwhile. */
const ticketSlackSeconds = 3600;

/** How long the ticket of a runner has to be good for. */
export function ticketSecondsOf({ catalog }: AttemptContext, { automation }: ClaimRecord): number {
  return ticketSlackSeconds + (catalog.current.automations.get(automation)?.executorPlan.mayWaitSeconds ?? 0);
}

/** What the runner is told: of the automation as it was when the job began, whatever became of its file since. */
export function makeHandover(
  context: AttemptContext,
  { automation, document, ticket }: { automation: Automation; document: JobDocument; ticket: string },
): CommandHandover {
  const own = automation.inherit.map((name) => [name, context.environment[name]] as const);
  const order: RunnerOrder = {
    attempt: document.attempt,
    job: document.job,
    automation: automation.name,
    digest: document.digest,
    agent: context.agent(),
    environment: Object.fromEntries(own.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    traceparent: document.traceparent,
  };
  return { ticket, order: JSON.stringify(order), automation: automation.text };
}
