import { createHash } from 'node:crypto';
import type { AttemptResult, Gap, LogSummary } from '../../protocol/attempt-result.ts';
import { compileJsonSchema, type JsonSchemaValidator } from '../../protocol/json-schema.ts';
import { isNoSpace } from '../../runtime/is-no-space.ts';
import { explainFailure } from '../automations/explain-failure.ts';
import { readOutputs } from '../automations/outputs.ts';
import { toOneLine } from '../one-line.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { AttemptFolder } from './attempt-folder.ts';
import type { ResultRecord } from './attempt-records.ts';
import type { AttemptEnd, AttemptState } from './attempt-state.ts';
import type { SealingSecrets } from './attempt-stream.ts';
import { type Ending, isUnborn, type OutputsFound, toVerdict } from './ending.ts';
import { executorOf } from './executor-of.ts';
import { jobFiles } from './job-files.ts';

type Sealing = Extract<AttemptState, { type: 'sealing' }>;

const digestOfNothing = createHash('sha256').digest('hex');
const emptyLog: LogSummary = { bytes: 0, sha256: digestOfNothing, complete: true, gaps: [], trailing: 0 };
/** Of `AttemptResult`. */
const maxMessageLength = 4096;
const spoolFullMessage = 'the disk of the agent was full: output was lost';

/** The result of an attempt whose command never ran. */
export function toUnbornResult(ending: Ending, endedAt: number): ResultRecord {
  const verdict = toVerdict(ending, { type: 'valid', outputs: null });
  const result: AttemptResult = {
    ...verdict,
    log: emptyLog,
    escaped: 0,
    startedAt: null,
    endedAt: new Date(endedAt).toISOString(),
    usage: null,
  };
  return { result, rawBytes: 0 };
}

/** `note`: what there is to say besides how it ended. */
function withNote(message: string, note: string | null): string {
  return note === null ? message : `${message}; ${note}`;
}

/** The same result, when the disk was found full: bytes of its output are missing, so it was no success. */
function toSpoolFull(result: AttemptResult, note: string | null): AttemptResult {
  const gap: Gap = { at: result.log.bytes, bytes: null, why: 'spool-full' };
  const log = { ...result.log, complete: false, gaps: [...result.log.gaps, gap] };
  if (result.outcome !== 'succeeded' && result.outcome !== 'failed') return { ...result, log };
  return {
    ...result,
    outcome: 'failed',
    cause: 'spool-full',
    message: withNote(spoolFullMessage, note),
    outputs: null,
    log,
  };
}

/** What a stored result says when the rest of its stream cannot be sent: a gap from `offset` to the end. */
export function withSecretsGone(result: AttemptResult, offset: number): AttemptResult {
  const missing = result.log.bytes - offset;
  if (missing <= 0) return result;
  const gap: Gap = { at: offset, bytes: missing, why: 'secrets-gone' };
  return { ...result, log: { ...result.log, bytes: offset, complete: false, gaps: [...result.log.gaps, gap] } };
}

/** What checks outputs. Compiling costs milliseconds: where the automation is still the one that ran, it did so already. */
function findOutputsSchema(
  context: AttemptContext,
  { document, terms }: AttemptEnd['record'],
): JsonSchemaValidator | null {
  if (terms.outputs === null) return null;
  const offered = context.catalog.current.automations.get(document.automation);
  if (offered !== undefined && offered.summary.outputs === terms.outputs) return offered.outputs;
  return compileJsonSchema(terms.outputs);
}

/** What the command left, read as its kind says: outputs where it succeeded, else why it did not. */
export async function findOutputs(
  context: AttemptContext,
  folder: AttemptFolder,
  { record, ending }: Pick<AttemptEnd, 'record' | 'ending'>,
  secrets: SealingSecrets,
): Promise<OutputsFound> {
  const nothing = { type: 'valid', outputs: null } as const;
  if (ending.type !== 'exited' || secrets.type === 'gone') return nothing;
  const kind = context.catalog.kinds.find(({ name }) => name === record.terms.kind);
  const outputs = findOutputsSchema(context, record);
  const { folder: written, user } = jobFiles(folder, record.terms.user);
  const { fs } = context;
  const place = { fs, folder: written, owner: user?.uid ?? null, logFolder: folder.path, secrets: secrets.secrets };
  if (ending.status !== 0) {
    const harvest = kind?.harvest ?? null;
    if (harvest === null) return nothing;
    const why = await explainFailure(harvest, { ...place, status: ending.status });
    // A failure stands as it is: what is wrong with its outputs as well is not the reason.
    const left = harvest.outputsOnFailure ? await readOutputs({ outputs }, { ...place, harvest }) : null;
    return { type: 'failed', outputs: left?.type === 'outputs' ? left.value : null, why };
  }
  if (kind === undefined) {
    return { type: 'invalid', message: `this agent knows no kind "${record.terms.kind}" any more to read outputs by` };
  }
  const found = await readOutputs({ outputs }, { ...place, harvest: kind.harvest });
  switch (found.type) {
    case 'outputs':
      return { type: 'valid', outputs: found.value };
    case 'none':
      return nothing;
    case 'invalid':
      return found;
  }
}

/** What is missing of the command's output, and where in the stream. */
async function findGaps(
  context: AttemptContext,
  { folder, state, secrets }: { folder: AttemptFolder; state: Sealing; secrets: SealingSecrets },
): Promise<readonly Gap[]> {
  if (isUnborn(state.ending)) return [];
  const { record, commandBytes } = state;
  const { logOver, logLimitBytes, user } = record.terms;
  const found = await executorOf(context, record).findGaps(folder.target, {
    rawBytes: commandBytes,
    limitBytes: logOver === 'gap' ? logLimitBytes : null,
    ofOtherUser: user !== null,
  });
  const toOffset = async (rawBytes: number): Promise<number> =>
    secrets.type === 'known' ? secrets.stream.offsetOf(Math.min(rawBytes, commandBytes)) : secrets.offset;
  const gaps: Gap[] = [];
  for (const { at, until, ...gap } of found) {
    const place = { at: await toOffset(at) };
    gaps.push({ ...gap, ...place, ...(until !== undefined && { until: await toOffset(until) }) });
  }
  return gaps;
}

async function summarize(state: Sealing, secrets: SealingSecrets, missing: readonly Gap[]): Promise<LogSummary> {
  const gaps: Gap[] = [...missing];
  const { bytes, sha256 } =
    secrets.type === 'known' ? await secrets.stream.summarize() : { bytes: secrets.offset, sha256: digestOfNothing };
  if (secrets.type === 'gone') gaps.push({ at: bytes, bytes: null, why: 'secrets-gone' });
  // What the last boot had not flushed is lost, and nothing says how much that was.
  if (!state.sameBoot) gaps.push({ at: bytes, bytes: null, why: 'power-loss' });
  return { bytes, sha256, complete: gaps.length === 0, gaps, trailing: 0 };
}

/** Seals what ran: raw on the disk, the digest of the stream, the outputs, `result.json`. Resolved: the result may be sent. */
export async function sealAttempt(
  context: AttemptContext,
  options: { readonly folder: AttemptFolder; readonly state: Sealing; readonly secrets: SealingSecrets },
): Promise<ResultRecord> {
  const { folder, state, secrets } = options;
  const [log, outputs, wasFull] = await Promise.all([
    findGaps(context, options).then((missing) => summarize(state, secrets, missing)),
    state.outputs ?? findOutputs(context, folder, state, secrets),
    syncRaw(folder, context),
  ]);
  const { startedAt, endedAt } = state;
  const plain: AttemptResult = {
    ...toVerdict(state.ending, outputs),
    log: { ...log, trailing: Math.max(0, (await folder.rawSize()) - state.rawBytes) },
    escaped: state.escaped,
    startedAt: startedAt === null ? null : new Date(startedAt).toISOString(),
    endedAt: new Date(endedAt).toISOString(),
    usage: startedAt === null ? null : { wallMs: Math.max(0, endedAt - startedAt) },
  };
  const { note, rawBytes } = state;
  const noted = { ...plain, message: withNote(plain.message, note) };
  const result = wasFull || state.spoolWasFull ? toSpoolFull(noted, note) : noted;
  return writeResult(context, folder, { result, rawBytes }, note);
}

/**
 * Whole in the folder, or it rejects; whoever holds it makes it durable, unless the hub takes it first. A success that finds no room for itself was none. Of a longer message as much is kept as a result may hold.
 */
export async function writeResult(
  context: AttemptContext,
  folder: AttemptFolder,
  given: ResultRecord,
  note: string | null = null,
): Promise<ResultRecord> {
  const message = toOneLine(given.result.message, maxMessageLength);
  const record: ResultRecord = { ...given, result: { ...given.result, message } };
  try {
    await folder.result.put(record);
    return record;
  } catch (error) {
    if (!isNoSpace(error)) throw error;
    const full = record.result.started === false ? record : { ...record, result: toSpoolFull(record.result, note) };
    await context.spool.withReserve(() => folder.result.put(full));
    return full;
  }
}

/** True when the disk had no room for the last of it. */
async function syncRaw(folder: AttemptFolder, context: AttemptContext): Promise<boolean> {
  try {
    await using raw = await folder.openRaw();
    if (raw === null || (await raw.size()) === 0) return false;
    await raw.sync();
  } catch (error) {
    if (isNoSpace(error)) return true;
    throw error;
  }
  return context.spool.isFull(folder.path);
}
