import type { JobDocument } from '../../protocol/job-document.ts';
import { toTraceId } from '../../protocol/trace-context.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { AttemptContext } from './attempt-context.ts';
import { type AttemptFolder, attemptFolder } from './attempt-folder.ts';
import { AttemptProgress } from './attempt-progress.ts';
import type { ClaimRecord } from './attempt-records.ts';
import type { AttemptState } from './attempt-state.ts';
import { AttemptStream } from './attempt-stream.ts';
import { type Bell, createBell } from './bell.ts';
import { HookSlot } from './hook-slot.ts';
import { createMailbox, type Mailbox } from './mailbox.ts';

export interface AttemptCoreOptions {
  readonly id: string;
  readonly context: AttemptContext;
  /** Called after each change of the state. */
  readonly onChange: () => void;
  /** Called when there may be more of the stream, or a result. */
  readonly onNews: () => void;
  /** Called within a step that failed because the folder is not there any more. */
  readonly onFolderGone: () => Promise<void>;
}

/**
 * What the phases of one attempt share: whose turn it is, where the attempt stands, and what it has. It decides nothing. Everything that
 * reads or writes the folder is a step in its mailbox, one at a time, and may run again if it failed.
 */
export class AttemptCore {
  readonly id: string;
  readonly context: AttemptContext;
  readonly folder: AttemptFolder;
  readonly stream: AttemptStream;
  readonly progress: AttemptProgress;
  readonly hook = new HookSlot();
  readonly news: Bell = createBell();
  /** Resolves when the attempt is `gone`, or was left. */
  readonly ended: Promise<void>;
  /** Nothing new is to be begun: the attempt is being left, or freed. */
  readonly leaving: AbortSignal;
  readonly #options: AttemptCoreOptions;
  readonly #mailbox: Mailbox;
  readonly #letGo = new AbortController();
  readonly #finish: () => void;
  #logger: Logger;
  #state: AttemptState = { type: 'found' };
  #since: number;
  #purpose: { readonly job: string; readonly automation: string; readonly traceId: string | null } | null = null;
  #document: JobDocument | null = null;

  constructor(options: AttemptCoreOptions) {
    const { id, context } = options;
    const { clock, limits } = context;
    this.id = id;
    this.context = context;
    this.#options = options;
    this.#since = clock.monotonic();
    this.#logger = context.logger.child({ attempt: id });
    this.folder = attemptFolder(context.fs, context.folder.attempts, id);
    this.progress = new AttemptProgress({ clock, logger: this.#logger, onNews: () => this.news.ring() });
    this.stream = new AttemptStream(this.folder, clock, (offset, bytes) => this.progress.feed(offset, bytes));
    this.#mailbox = createMailbox({ clock, logger: this.#logger, retryMs: limits.retryMs });
    this.leaving = this.#letGo.signal;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#finish = resolve;
  }

  get logger(): Logger {
    return this.#logger;
  }

  get state(): AttemptState {
    return this.#state;
  }

  /** Since when it is in that state, by the clock that never goes back. */
  get since(): number {
    return this.#since;
  }

  get purpose(): { readonly job: string; readonly automation: string; readonly traceId: string | null } | null {
    return this.#purpose;
  }

  get document(): JobDocument | null {
    return this.#document;
  }

  /** A step that cannot be done because somebody deleted the folder is not tried again: what was in it does not come back. */
  post(name: string, step: () => Promise<void>): Promise<void> {
    return this.#mailbox.post(name, async () => {
      try {
        await step();
      } catch (error) {
        if (this.#state.type === 'found' || this.#state.type === 'gone' || (await this.folder.isThere())) throw error;
        await this.#options.onFolderGone();
      }
    });
  }

  setState(state: AttemptState): void {
    this.#logger.info({ from: this.#state.type, to: state.type }, 'attempt state changed');
    this.#since = this.context.clock.monotonic();
    this.#state = state;
    this.ring();
    this.#options.onChange();
  }

  /** Those who read the stream, or wait for the result, look again. */
  ring(): void {
    this.news.ring();
    this.#options.onNews();
  }

  /** From here on the log of the attempt can be put beside that of its job, and of whatever else is part of its trace. */
  learnPurpose(purpose: Pick<ClaimRecord, 'job' | 'automation' | 'traceparent'>): void {
    const { job, automation, traceparent } = purpose;
    const traceId = toTraceId(traceparent);
    this.#purpose = { job, automation, traceId };
    this.#logger = this.context.logger.child({ attempt: this.id, job, automation, traceId });
  }

  learnDocument(document: JobDocument | null): void {
    this.#document = document;
  }

  /** Begins nothing new from here on. */
  letGo(): void {
    this.#letGo.abort('left');
  }

  /** Takes no more steps, and waits for the one at work. */
  closeMailbox(): Promise<void> {
    return this.#mailbox.close();
  }

  finish(): void {
    this.#finish();
  }
}
