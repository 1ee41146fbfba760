import { createHash } from 'node:crypto';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { JobFrame } from '../../protocol/session-frame.ts';
import type { AttemptCommand } from './attempt-command.ts';
import type { AttemptCore } from './attempt-core.ts';
import type { AttemptEnding } from './attempt-ending.ts';
import type { ClaimRecord, DocumentRecord, ResultRecord } from './attempt-records.ts';
import type { AttemptState } from './attempt-state.ts';
import { type Ending, endingOf, isUnborn, toVerdict } from './ending.ts';
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
    const ending = await this.#findEnding(state, frame.handover?.runnerCame ?? true);
    if (isUnborn(ending)) return this.#ending.endUnborn(state.claim, state.record, ending);
    const { startedAt, escaped } = state;
    const result: AttemptResult = {
      ...toVerdict(ending, { type: 'valid', outputs: null }),
      log: {
        bytes: frame.offset,
        sha256: digestOfNothing,
        complete: false,
        gaps: [{ at: frame.offset, bytes: null, why: 'runner-gone' }],
        trailing: 0,
      },
      escaped,
      startedAt: startedAt === null ? null : new Date(startedAt).toISOString(),
      endedAt: new Date(context.clock.now()).toISOString(),
      usage: null,
    };
    const held: ResultRecord = { result, rawBytes: 0 };
    await this.#ending.hold(state, held);
  }

  async #findEnding({ record }: TakingBack, runnerCame: boolean): Promise<Ending> {
    const { context, folder } = this.#core;
    const intent = (await folder.intent.read())?.cause ?? null;
    const end = await executorOf(context, record).readEnd(folder.target);
    const ending = end === null ? null : endingOf(end, intent);
    if (!runnerCame) {
      if (intent !== null) return { type: 'stopped-unborn', intent };
      // Why it never came the platform may know; that it did not, the hub does.
      return ending !== null && isUnborn(ending) ? ending : neverCame;
    }
    if (ending !== null) return ending;
    if (intent !== null) return { type: 'stopped', intent, status: null, started: 'unknown' };
    return { type: 'process-lost', started: 'unknown' };
  }
}
