import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { Progress } from '../../protocol/progress.ts';
import type { JobFrame } from '../../protocol/session-frame.ts';
import type { AttemptBeginning } from './attempt-beginning.ts';
import type { AttemptCommand } from './attempt-command.ts';
import type { AttemptCore } from './attempt-core.ts';
import type { AttemptEnding } from './attempt-ending.ts';
import type { AttemptRelease } from './attempt-release.ts';
import { toOpenFacts } from './attempt-report.ts';
import type { AttemptView } from './attempt-view.ts';
import type { Bell } from './bell.ts';
import type { MaskedStream } from './masked-stream.ts';
import { runSessions } from './session-loop.ts';
import type { OpenFacts, SessionSubject } from './session-subject.ts';

export interface AttemptSessionsOptions {
  readonly core: AttemptCore;
  readonly view: AttemptView;
  readonly beginning: AttemptBeginning;
  readonly command: AttemptCommand;
  readonly ending: AttemptEnding;
  readonly release: AttemptRelease;
  /** Called when the hub says that it has no such attempt. */
  readonly onForgotten: () => void;
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
    const waits = state.type === 'claimed' || state.type === 'cleaning' || state.type === 'sealing';
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
      facts = toOpenFacts(core.state, core.stream);
    });
    return facts;
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
    const { core, beginning, command, ending } = this.#options;
    const { state, stream } = core;
    stream.learn(frame);
    if (state.type === 'found' || state.type === 'gone') return;
    if (state.type === 'claimed') return beginning.receiveFirst(state.claim, frame);
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
      subject: this,
      clock,
      random,
      logger: core.logger,
      limits: limits.session,
      signal: core.leaving,
    });
    if (end !== 'stopped') await core.post(end, () => release.release(end));
  }
}
