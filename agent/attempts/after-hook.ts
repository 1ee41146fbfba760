import { prepareHook } from '../automations/prepare-hook.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { AttemptFolder } from './attempt-folder.ts';
import type { AfterRecord } from './attempt-records.ts';
import type { AttemptState } from './attempt-state.ts';
import type { SealingSecrets } from './attempt-stream.ts';
import { type OutputsFound, toVerdict } from './ending.ts';
import { HookRun } from './hook-run.ts';
import { jobFiles } from './job-files.ts';

/** The hook on its way, or why it does not run. */
export type AfterStart =
  | { readonly type: 'running'; readonly run: HookRun; readonly timeoutMs: number }
  | { readonly type: 'skipped'; readonly why: string };

function skip(why: string): AfterStart {
  return { type: 'skipped', why: `the after hook did not run: ${why}` };
}

/**
 * Starts the `after` hook behind its durable marker, or watches the one that an earlier agent started: it runs at most once. Without
 * the job's secrets it does not run, because half of its environment could make it clean up the wrong thing.
 */
export async function startAfter(
  context: AttemptContext,
  options: {
    readonly folder: AttemptFolder;
    readonly state: Extract<AttemptState, { type: 'cleaning' }>;
    readonly secrets: SealingSecrets;
    readonly outputs: OutputsFound;
    readonly look: () => Promise<void>;
  },
): Promise<AfterStart> {
  const { folder, state, secrets, outputs, look } = options;
  const { marker } = state;
  const { document, terms } = state.record;
  const plan = terms.after;
  if (plan === null) return skip('there is none');
  if (secrets.type === 'gone') return skip("the job's secrets are gone");
  const { machineBootId, environment, limits, clock, spool } = context;
  if (marker !== null && marker.machineBootId !== machineBootId) {
    return { type: 'skipped', why: 'the machine was restarted while the after hook ran, or before it began' };
  }
  const { outcome, exitCode } = toVerdict(state.ending, outputs);
  const variables = {
    FARHAND_OUTCOME: outcome,
    ...(exitCode === null ? {} : { FARHAND_EXIT_CODE: String(exitCode) }),
  };
  const given = {
    document,
    secrets: secrets.secrets,
    agent: context.agent(),
    ...jobFiles(folder, terms.user),
    environment,
  };
  const prepared = prepareHook('after', plan, { preparation: given, variables });
  if (prepared.type === 'refused') return skip(prepared.message);
  if (marker === null) {
    const at = new Date(clock.now()).toISOString();
    const record: AfterRecord = { machineBootId, rawBytes: state.commandBytes, at };
    await spool.withReserve(() => folder.after.write(record));
  }
  const { timeoutMs } = plan;
  const graceMs = terms.graceMs ?? limits.graceMs;
  const { command } = prepared;
  const logFrom = state.commandBytes;
  const run = new HookRun({ context, folder, name: 'after', command, timeoutMs, graceMs, logFrom, look });
  return { type: 'running', run, timeoutMs };
}
