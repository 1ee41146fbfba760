import type { Cause } from '../../protocol/cause.ts';
import type { JobDocument, Secrets } from '../../protocol/job-document.ts';
import type { StorePlace } from '../../protocol/seen-store.ts';
import { isNoSpace } from '../../runtime/is-no-space.ts';
import type { Automation } from '../automations/automation.ts';
import { findUser } from '../automations/job-user.ts';
import { prepare } from '../automations/prepare.ts';
import type { PreparedCommand } from '../automations/prepared-command.ts';
import type { Execution } from '../executors/execution.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { AttemptFolder } from './attempt-folder.ts';
import type { DocumentRecord, RunTerms } from './attempt-records.ts';
import { type BeforeHook, startBefore } from './before-hook.ts';
import type { Ending } from './ending.ts';
import { executorOf } from './executor-of.ts';
import { makeHandover } from './handover.ts';
import { jobFiles } from './job-files.ts';

export type StartOutcome =
  | { readonly type: 'running'; readonly record: DocumentRecord; readonly execution: Execution }
  /** The command is launched when the hook agrees. Launching twice is launching once. */
  | {
      readonly type: 'preparing';
      readonly record: DocumentRecord;
      readonly before: BeforeHook;
      readonly launch: () => Promise<LaunchOutcome>;
    }
  | EndedStart;

/** Nothing runs and nothing will. */
interface EndedStart {
  readonly type: 'ended';
  readonly record: DocumentRecord | null;
  readonly ending: Ending;
}

type LaunchOutcome = Exclude<StartOutcome, { type: 'preparing' }>;

export interface StartRequest {
  readonly folder: AttemptFolder;
  readonly document: JobDocument;
  /** How far the hub's store is that gave it; null where it does not say. */
  readonly store: StorePlace | null;
  readonly secrets: Secrets;
  /** Asked once more when the document is durable: nothing is spawned after a cancel that came before. */
  readonly isCancelled: () => boolean;
  /** For the runner that the attempt is given to; null: the command runs here. */
  readonly ticket: string | null;
  /** Called whenever a hook may have printed something. */
  readonly look: (record: DocumentRecord) => Promise<void>;
}

function toTerms(
  automation: Automation,
  document: JobDocument,
  { user, after }: Pick<RunTerms, 'user' | 'after'>,
): RunTerms {
  const seconds = Math.min(automation.timeoutSeconds ?? Infinity, document.timeoutSeconds ?? Infinity);
  return {
    timeoutMs: Number.isFinite(seconds) ? seconds * 1000 : null,
    logLimitBytes: automation.log.limitBytes,
    logOver: automation.log.over,
    graceMs: automation.graceSeconds === null ? null : automation.graceSeconds * 1000,
    outputs: automation.summary.outputs,
    kind: automation.kind,
    executor: automation.executor.name,
    user,
    after,
  };
}

function neverStarted(record: DocumentRecord | null, message: string, cause: Cause = 'start-failed'): EndedStart {
  return { type: 'ended', record, ending: { type: 'never-started', cause, message } };
}

/** The automation that the hub validated the parameters against, or why it is not here any more. */
function findAutomation(context: AttemptContext, document: JobDocument): Automation | string {
  const automation = context.catalog.current.automations.get(document.automation);
  if (automation === undefined)
    return `this agent offers no automation ${JSON.stringify(document.automation)} any more`;
  if (document.digest !== null && document.digest !== automation.digest) {
    return `the automation ${JSON.stringify(document.automation)} was changed on this agent since the job was offered`;
  }
  return automation;
}

/** From the document to a spawned wrapper: judge it, make the command, make `document.json` durable, spawn (the `before` hook, if any). */
export async function startAttempt(context: AttemptContext, request: StartRequest): Promise<StartOutcome> {
  const { folder, document, ticket } = request;
  const secrets =
    ticket === null ? request.secrets : Object.fromEntries(document.secretNames.map((name) => [name, '']));
  const automation = findAutomation(context, document);
  if (typeof automation === 'string') return neverStarted(null, automation);
  const { environment } = context;
  const user = automation.user === null ? null : findUser(automation.user);
  if (user === null && automation.user !== null) {
    return neverStarted(null, `this machine has no user ${JSON.stringify(automation.user)} any more`);
  }
  const preparation = { document, secrets, agent: context.agent(), ...jobFiles(folder, user), environment };
  const { jobFolder } = automation.executor.capabilities;
  const prepared = prepare(automation, jobFolder === null ? preparation : { ...preparation, folder: jobFolder });
  if (prepared.type === 'refused') {
    return {
      type: 'ended',
      record: null,
      ending: { type: 'refused', cause: prepared.cause, message: prepared.message },
    };
  }
  const record = {
    machineBootId: context.machineBootId,
    document,
    terms: toTerms(automation, document, { user, after: prepared.after }),
    store: request.store,
    ...(ticket === null ? {} : { handedOver: true }),
  };
  const handover = ticket === null ? null : makeHandover(context, { automation, document, ticket });
  try {
    await folder.document.write(record);
  } catch (error) {
    if (!isNoSpace(error)) throw error;
    return neverStarted(record, 'the disk of the agent is full', 'spool-full');
  }
  if (request.isCancelled()) {
    const intent = { cause: 'cancelled', at: new Date(context.clock.now()).toISOString() } as const;
    await context.spool.withReserve(() => folder.intent.write(intent));
    return { type: 'ended', record, ending: { type: 'stopped-unborn', intent: 'cancelled' } };
  }
  const command = handover === null ? prepared.command : { ...prepared.command, handover };
  const launch = () => launchCommand(context, { folder, record, command });
  if (prepared.before === null) return launch();
  const { terms } = record;
  const look = () => request.look(record);
  const before = startBefore(context, { folder, plan: prepared.before, terms, preparation, look });
  return 'run' in before ? { type: 'preparing', record, before, launch } : { type: 'ended', record, ending: before };
}

async function launchCommand(
  context: AttemptContext,
  options: { readonly folder: AttemptFolder; readonly record: DocumentRecord; readonly command: PreparedCommand },
): Promise<LaunchOutcome> {
  const { folder, record, command } = options;
  const bounds = { timeoutMs: record.terms.timeoutMs, graceMs: record.terms.graceMs };
  const started = await executorOf(context, record).start(folder.target, { ...command, bounds });
  if (started.type === 'started') return { type: 'running', record, execution: started.execution };
  const { message, cause = 'start-failed' } = started;
  return started.fault === 'environment'
    ? neverStarted(record, message, cause)
    : { type: 'ended', record, ending: { type: 'refused', cause, message } };
}
