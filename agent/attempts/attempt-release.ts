import type { Outcome } from '../../protocol/attempt-result.ts';
import type { AttemptLines } from '../job-log/attempt-lines.ts';
import type { AttemptCommand } from './attempt-command.ts';
import type { AttemptCore } from './attempt-core.ts';
import type { AttemptEnding } from './attempt-ending.ts';
import { executorOf } from './executor-of.ts';

export interface AttemptReleaseOptions {
  readonly core: AttemptCore;
  readonly command: AttemptCommand;
  readonly ending: AttemptEnding;
  /** Null where nobody wants the lines. */
  readonly lines: AttemptLines | null;
  /** Called once, when the hub has accepted the result. `gaps`: in its log. */
  readonly onAccepted: (outcome: Outcome, gaps: number) => void;
}

/** The last phase of an attempt: its folder goes, and it is `gone`. Each method is a step, or part of one. */
export class AttemptRelease {
  readonly #options: AttemptReleaseOptions;
  #isLost = false;
  #isAccepted = false;

  constructor(options: AttemptReleaseOptions) {
    this.#options = options;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** The hub has the result, or never wanted one: free the folder, behind whatever of it is still alive. */
  async release(why: 'accepted' | 'withdrawn'): Promise<void> {
    const { core, command, lines, onAccepted } = this.#options;
    const { state, context } = core;
    if (state.type === 'gone') return;
    if (state.type === 'running' || state.type === 'stopping') {
      core.logger.warn({ why }, 'attempt released while its command runs');
      await command.abandon(state);
    }
    await core.hook.end();
    if ((await lines?.finish(core.leaving)) === false) return;
    if (why === 'accepted') await context.spool.withReserve(() => context.tombstones.add(core.id));
    if (why === 'accepted' && state.type === 'holding' && !this.#isAccepted) {
      this.#isAccepted = true;
      const { outcome, log } = state.held.result;
      onAccepted(outcome, log.gaps.length);
    }
    await this.free();
  }

  /** Somebody deleted the folder: nobody can say any more how the attempt ended. */
  async lose(): Promise<void> {
    const { core, command, lines } = this.#options;
    const { state } = core;
    core.logger.error({ folder: core.folder.path }, 'folder deleted, attempt lost');
    if (state.type === 'running') await command.abandon(state);
    await core.hook.end();
    await lines?.giveUp();
    this.#isLost = true;
    await this.free();
  }

  async free(): Promise<void> {
    const { core, command, ending, lines } = this.#options;
    await this.#releaseOutside();
    core.letGo();
    command.stopWatching();
    ending.dropFlush();
    await lines?.stop();
    await core.stream.close();
    await core.folder.remove();
    core.context.spool.forget(core.id);
    core.setState({ type: 'gone' });
    core.finish();
  }

  /** What the command left outside the folder goes first: nothing would lead to it any more. */
  async #releaseOutside(): Promise<void> {
    const { state, context, folder } = this.#options.core;
    const record = 'record' in state ? state.record : await folder.document.read();
    if (record !== null) await executorOf(context, record).release(folder.target);
  }
}
