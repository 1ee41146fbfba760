import { createHash } from 'node:crypto';
import type { AttemptResult, Gap, LogSummary } from '../../protocol/attempt-result.ts';
import type { JobFrame } from '../../protocol/session-frame.ts';
import type { CommandEnd } from '../executors/command-end.ts';
import type { AttemptCommand } from './attempt-command.ts';
import type { AttemptCore } from './attempt-core.ts';
import type { AttemptEnding } from './attempt-ending.ts';
import type { ClaimRecord, DocumentRecord, ResultRecord } from './attempt-records.ts';
import type { AttemptState } from './attempt-state.ts';
import { type Ending, endingOf, isUnborn, toVerdict, type Verdict, wasBorn } from './ending.ts';
import { executorOf } from './executor-of.ts';

type TakingBack = Extract<AttemptState, { type: 'taking-back' }>;

const digestOfNothing = createHash('sha256').digest('hex');
const neverCame = {
  type: 'never-started',
  cause: 'start-failed',
  message: 'the runner of the attempt never came to the hub, and nothing that it could come of is left',
} as const;

/** An attempt that was given to a runner, when the agent has it again: `taking-back`. Each method is a step, or part of one. */
export class AttemptHandover {
  readonly #core: AttemptCore;
  readonly #command: AttemptCommand;
  readonly #ending: AttemptEnding;

  constructor(core: AttemptCore, command: AttemptCommand, ending: AttemptEnding) {
    this.#core = core;
    this.#command = command;
    this.#ending = ending;
  }

  /** What an earlier agent had handed over: watched further where a runner may live, else taken back. */
  async recover(claim: ClaimRecord, record: DocumentRecord): Promise<void> {
    const { context, folder } = this.#core;
    const execution = await executorOf(context, record).adopt(folder.target);
    if (execution === null) {
      return this.#core.setState({ type: 'taking-back', claim, record, startedAt: null, escaped: 0 });
    }
    const running = { claim, record, execution, startedAt: null };
    this.#command.begin(running);
    const intent = await folder.intent.read();
    if (intent !== null) this.#command.goOnStopping(running, intent.cause);
  }

  /** The hub let no runner in any more before it said this, so what it knows is all there will be. */
  async settle(state: TakingBack, frame: JobFrame): Promise<void> {
    const { context } = this.#core;
    const { folder } = this.#core;
    const end = await executorOf(context, state.record).readEnd(folder.target);
    const ending = withHubsWord(await this.#findEnding(end, frame.handover?.runnerCame ?? true), frame);
    if (isUnborn(ending)) return this.#ending.endUnborn(state.claim, state.record, ending);
    const { startedAt, escaped } = state;
    const result: AttemptResult = {
      ...toVerdictWithoutRunner(ending, state.record.terms.outputs !== null),
      log: toLog(frame.offset, end),
      escaped,
      startedAt: startedAt === null ? null : new Date(startedAt).toISOString(),
      endedAt: new Date(context.clock.now()).toISOString(),
      usage: null,
    };
    const held: ResultRecord = { result, rawBytes: 0 };
    await this.#ending.hold(state, held);
  }

  async #findEnding(end: CommandEnd | null, runnerCame: boolean): Promise<Ending> {
    const intent = (await this.#core.folder.intent.read())?.cause ?? null;
    const ending = end === null ? null : endingOf(end, intent);
    // What is known to have begun was let in, whatever a hub knows whose store is an older copy.
    if (!runnerCame && !(ending !== null && wasBorn(ending))) {
      if (intent !== null) return { type: 'stopped-unborn', intent };
      // Why it never came the platform may know; that it did not, the hub does.
      if (ending?.type === 'platform') return { type: 'never-started', cause: ending.cause, message: ending.message };
      return ending !== null && isUnborn(ending) ? ending : neverCame;
    }
    if (ending !== null) return ending;
    if (intent !== null) return { type: 'stopped', intent, status: null, started: 'unknown' };
    return { type: 'process-lost', started: 'unknown' };
  }
}

/** The command's end is known, and what it left as outputs went with the pod. */
function toVerdictWithoutRunner(ending: Ending, promisesOutputs: boolean): Verdict {
  const lost = 'what it may have left as outputs was lost with its pod';
  if (ending.type !== 'exited' || ending.status !== 0) return toVerdict(ending, { type: 'valid', outputs: null });
  if (promisesOutputs) return toVerdict(ending, { type: 'invalid', message: `the program ended with 0, and ${lost}` });
  const verdict = toVerdict(ending, { type: 'valid', outputs: null });
  return { ...verdict, message: `${verdict.message}; ${lost}` };
}

/** What has printed has begun. */
function withHubsWord(ending: Ending, { offset }: JobFrame): Ending {
  return 'started' in ending && offset > 0 ? { ...ending, started: true } : ending;
}

/** What the hub has of the log. It is all of it where the runner said so; whether it is the same the hub finds by the digest. */
function toLog(offset: number, end: CommandEnd | null): LogSummary {
  const said = end?.log ?? null;
  if (said !== null && said.bytes === offset) return { ...said, complete: true, gaps: [], trailing: 0 };
  const gaps: Gap[] = [{ at: offset, bytes: null, why: 'runner-gone' }];
  return { bytes: offset, sha256: digestOfNothing, complete: false, gaps, trailing: 0 };
}
