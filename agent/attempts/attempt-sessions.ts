import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { Progress } from '../../protocol/progress.ts';
import type { JobFrame } from '../../protocol/session-frame.ts';
import type { AttemptBeginning } from './attempt-beginning.ts';
import type { AttemptCommand } from './attempt-command.ts';
import type { AttemptCore } from './attempt-core.ts';
import type { AttemptEnding } from './attempt-ending.ts';
import type { AttemptHandover } from './attempt-handover.ts';
import type { AttemptRelease } from './attempt-release.ts';
import { toOpenFacts } from './attempt-report.ts';
import { isAway, isHandedOver } from './attempt-state.ts';
import type { AttemptView } from './attempt-view.ts';
import type { Bell } from './bell.ts';
import { handsOver, ticketSecondsOf } from './handover.ts';
import type { MaskedStream } from './masked-stream.ts';
import type { SessionPass } from './session-gate.ts';
import { runSessions } from './session-loop.ts';
import type { OpenFacts, SessionSubject } from './session-subject.ts';

export interface AttemptSessionsOptions {
  readonly core: AttemptCore;
  readonly view: AttemptView;
  readonly beginning: AttemptBeginning;
  readonly command: AttemptCommand;
  readonly ending: AttemptEnding;
  readonly release: AttemptRelease;
  readonly handover: AttemptHandover;
  /** Called when the hub says that it has no such attempt. */
  readonly onForgotten: () => void;
  /** Called when the hub has all of the stream of an attempt whose result is not sent. */
  readonly onUnsaid: (result: AttemptResult) => void;
}

/** The sessions of one attempt, one after the other as long as it has something to say, and what the hub says in them. */
export class AttemptSessions implements SessionSubject {
  readonly attempt: string;
  readonly news: Bell;
  readonly #options: AttemptSessionsOptions;
  #served: Promise<void> = Promise.resolve();
  #isUnknown = false;

  constructor(options: AttemptSessionsOptions) {
    this.#options = options;
    this.attempt = options.core.id;
    this.news = options.core.news;
  }

  get stream(): MaskedStream | null {
    return this.#options.view.stream;
  }

  get progress(): Progress | null {
    return this.#options.core.progress.newest;
  }

  get result(): AttemptResult | null {
    return this.#options.view.result;
  }

  /** The hub has no such attempt, and nothing of it runs: it may wait so for ever. */
  get isForgotten(): boolean {
    const { state, hook } = this.#options.core;
    const { type } = state;
    const waits = type === 'claimed' || type === 'taking-back' || type === 'cleaning' || type === 'sealing';
    return this.#isUnknown && waits && hook.isFree;
  }

  /** Resolves when there is no session any more and none will be opened. */
  get served(): Promise<void> {
    return this.#served;
  }

  /** From now on there is a session whenever one can be had. */
  open(): void {
    if (this.#options.core.state.type !== 'gone') this.#served = this.#serve();
  }

  async describe(): Promise<OpenFacts | null> {
    const { core } = this.#options;
    let facts: OpenFacts | null = null;
    await core.post('describe', async () => {
      const { state, context } = core;
      const gives = state.type === 'claimed' && handsOver(context, state.claim);
      facts = toOpenFacts(state, core.stream, gives ? ticketSecondsOf(context, state.claim) : null);
    });
    return facts;
  }

  caughtUp(): void {
    const { core, view, onUnsaid } = this.#options;
    const { unsaid } = view;
    // Secrets that have not come keep the stream back.
    if (unsaid !== null && (core.stream.stream !== null || unsaid.started === false)) onUnsaid(unsaid);
  }

  forgotten(): void {
    this.#isUnknown = true;
    this.#options.onForgotten();
  }

  receive(frame: JobFrame): Promise<void> {
    this.#isUnknown = false;
    return this.#options.core.post('job', () => this.#receive(frame));
  }

  async #receive(frame: JobFrame): Promise<void> {
    const { core, beginning, command, ending, handover } = this.#options;
    const { state, stream } = core;
    stream.learn(frame);
    if (state.type === 'found' || state.type === 'gone') return;
    if (state.type === 'claimed') return beginning.receiveFirst(state.claim, frame);
    if (state.type === 'taking-back') return handover.settle(state, frame);
    if (isHandedOver(state)) return;
    stream.open(state.record);
    if (frame.desired === 'cancel') await command.stop('cancelled');
    await ending.goOn();
    core.ring();
  }

  async #serve(): Promise<void> {
    const { core, release } = this.#options;
    const { clock, random, sessions, limits } = core.context;
    const end = await runSessions({
      ...sessions,
      gate: { heard: (place) => sessions.gate.heard(place), enter: (signal) => this.#enter(signal) },
      subject: this,
      clock,
      random,
      logger: core.logger,
      limits: limits.session,
      signal: core.leaving,
    });
    if (end !== 'stopped') await core.post(end, () => release.release(end));
  }

  /** Not while a runner speaks for the attempt. */
  async #enter(signal: AbortSignal): Promise<SessionPass | null> {
    const { core } = this.#options;
    while (isAway(core.state) && !signal.aborted) await core.news.wait(signal);
    return core.context.sessions.gate.enter(signal);
  }
}
