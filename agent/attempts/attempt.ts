import type { AttemptResult, Outcome } from '../../protocol/attempt-result.ts';
import type { AttemptReport, Offer } from '../../protocol/offer.ts';
import { AttemptLines } from '../job-log/attempt-lines.ts';
import { linePositionFile } from '../job-log/line-position.ts';
import { AttemptBeginning } from './attempt-beginning.ts';
import { AttemptCommand } from './attempt-command.ts';
import type { AttemptContext } from './attempt-context.ts';
import { AttemptCore } from './attempt-core.ts';
import { AttemptEnding } from './attempt-ending.ts';
import { AttemptHandover } from './attempt-handover.ts';
import { AttemptRelease } from './attempt-release.ts';
import { AttemptSessions } from './attempt-sessions.ts';
import type { AttemptState } from './attempt-state.ts';
import { AttemptView } from './attempt-view.ts';
import { executorOf } from './executor-of.ts';

/** One try at a job, on this agent: from the claim to the freed folder. */
export interface Attempt {
  readonly id: string;
  readonly state: AttemptState;
  /** Since when it is in that state, by the clock that never goes back. */
  readonly since: number;
  /** What it is for; null while its folder was not read. */
  readonly automation: string | null;
  readonly job: string | null;
  /** What the control channel is told; null when there is nothing to tell. */
  readonly report: AttemptReport | null;
  /** Makes the claim durable; the session is dialled meanwhile. False when there was no room for it: then nothing is left of it. */
  claimOffer(offer: Offer, traceparent: string | null): Promise<boolean>;
  /** Reads what an earlier agent left, and goes on from there. Resolves when that is decided, or has to be tried again. */
  recover(): Promise<void>;
  /** The hub wants it cancelled. What that means depends on the moment: `docs/attempts.md` §5. */
  cancel(): void;
  /** Lets go of everything but the folder and the processes: another agent may take over. */
  leave(): Promise<void>;
  /** Resolves when the attempt is `gone`, or was left. */
  readonly ended: Promise<void>;
  /** It is `gone` because somebody deleted its folder: nobody can say any more how it ended. */
  readonly isLost: boolean;
  /** The hub has no such attempt, and nothing of it runs: it may wait so for ever. */
  readonly isForgotten: boolean;
  /** Its command runs where the end of the agent's machine, or of its container, is not its own: the next agent on the folder finds it. */
  readonly outlivesMachine: boolean;
}

export interface AttemptOptions {
  readonly id: string;
  readonly context: AttemptContext;
  /** Called after each change of the state. */
  readonly onChange: () => void;
  /** Called once, when the hub has accepted the result. `gaps`: in its log. */
  readonly onAccepted: (outcome: Outcome, gaps: number) => void;
  /** Called when the hub has all of the log, and the result is left for others to say (`AttemptContext.leavesUnsaid`). Left out: it never is. */
  readonly onUnsaid?: (result: AttemptResult) => void;
}

/**
 * The actor of one attempt, put together of its phases: `beginning`, `command`, `ending`, `release`. They share a core, whose mailbox
 * gives them turns. What happens elsewhere (a session's frame, a process that ends, a timer) only posts a step.
 */
class AttemptActor implements Attempt {
  readonly id: string;
  readonly ended: Promise<void>;
  readonly #core: AttemptCore;
  readonly #view: AttemptView;
  /** Null where nobody wants the lines. */
  readonly #lines: AttemptLines | null;
  readonly #beginning: AttemptBeginning;
  readonly #command: AttemptCommand;
  readonly #ending: AttemptEnding;
  readonly #release: AttemptRelease;
  readonly #sessions: AttemptSessions;

  constructor({ id, context, onChange, onAccepted, onUnsaid = () => {} }: AttemptOptions) {
    const onFolderGone = () => this.#release.lose();
    const core = new AttemptCore({ id, context, onChange, onNews: () => this.#lines?.changed(), onFolderGone });
    const view = new AttemptView(core);
    const lines = writeLines(core, view);
    const command = new AttemptCommand(core, (escaped) => this.#ending.cleared(escaped));
    const ending = new AttemptEnding(core, command, onFolderGone);
    const release = new AttemptRelease({ core, command, ending, lines, onAccepted });
    const handover = new AttemptHandover(core, command, ending);
    const beginning = new AttemptBeginning({ core, command, ending, release, handover });
    this.id = id;
    this.ended = core.ended;
    this.#core = core;
    this.#view = view;
    this.#lines = lines;
    this.#beginning = beginning;
    this.#command = command;
    this.#ending = ending;
    this.#release = release;
    this.#sessions = new AttemptSessions({
      core,
      view,
      beginning,
      command,
      ending,
      release,
      handover,
      onForgotten: onChange,
      onUnsaid,
    });
  }

  get state(): AttemptState {
    return this.#core.state;
  }

  get since(): number {
    return this.#core.since;
  }

  get automation(): string | null {
    return this.#core.purpose?.automation ?? null;
  }

  get job(): string | null {
    return this.#core.purpose?.job ?? null;
  }

  get report(): AttemptReport | null {
    return this.#view.report;
  }

  get isLost(): boolean {
    return this.#release.isLost;
  }

  get isForgotten(): boolean {
    return this.#sessions.isForgotten;
  }

  get outlivesMachine(): boolean {
    const { state, context } = this.#core;
    return state.type === 'running' && executorOf(context, state.record).kind.capabilities.outlivesBoot;
  }

  async claimOffer(offer: Offer, traceparent: string | null): Promise<boolean> {
    this.#core.learnPurpose({ ...offer, traceparent });
    const claimed = this.#core.post('claim', () => this.#beginning.claim(offer, traceparent));
    this.#sessions.open();
    await claimed;
    return this.state.type !== 'found' && this.state.type !== 'gone';
  }

  async recover(): Promise<void> {
    await this.#core.post('recover', async () => {
      await this.#beginning.recover();
      this.#sessions.open();
    });
  }

  cancel(): void {
    this.#command.cancel();
  }

  async leave(): Promise<void> {
    this.#core.letGo();
    // The step at work may be the one that begins the watch.
    await this.#core.closeMailbox();
    this.#command.stopWatching();
    const { hook } = this.#core;
    await Promise.all([this.#sessions.served, this.#command.unwatched(), hook.leave(), this.#lines?.stop()]);
    await this.#ending.leave();
    await this.#core.stream.close();
    this.#core.finish();
  }
}

/** Begins to write the attempt's lines to where lines go besides the hub, if they do. */
function writeLines(core: AttemptCore, view: AttemptView): AttemptLines | null {
  const { id, context, folder, logger } = core;
  const { clock, fs, jobLog } = context;
  if (jobLog === null) return null;
  const position = linePositionFile(fs, folder.path);
  return new AttemptLines({ attempt: id, source: view, log: jobLog, position, clock, logger });
}

export function createAttempt(options: AttemptOptions): Attempt {
  return new AttemptActor(options);
}
