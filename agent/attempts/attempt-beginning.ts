import type { Offer } from '../../protocol/offer.ts';
import type { JobFrame } from '../../protocol/session-frame.ts';
import type { Execution } from '../executors/execution.ts';
import type { AttemptCommand } from './attempt-command.ts';
import type { AttemptCore } from './attempt-core.ts';
import type { AttemptEnding } from './attempt-ending.ts';
import type { ClaimRecord, DocumentRecord } from './attempt-records.ts';
import { type Recovered, recoverFolder } from './attempt-recovery.ts';
import type { AttemptRelease } from './attempt-release.ts';
import { type StartOutcome, startAttempt } from './attempt-start.ts';
import { findLeftBefore } from './before-hook.ts';
import { type Ending, isUnborn } from './ending.ts';
import { executorOf } from './executor-of.ts';
import { isOfThisBoot } from './is-of-this-boot.ts';

export interface AttemptBeginningOptions {
  readonly core: AttemptCore;
  readonly command: AttemptCommand;
  readonly ending: AttemptEnding;
  readonly release: AttemptRelease;
}

/** An attempt until its command runs: `found`, `claimed`, `preparing`; or until what an earlier agent left is decided on. Each method is a step. */
export class AttemptBeginning {
  readonly #options: AttemptBeginningOptions;
  readonly #core: AttemptCore;

  constructor(options: AttemptBeginningOptions) {
    this.#options = options;
    this.#core = options.core;
  }

  async claim(offer: Offer, traceparent: string | null): Promise<void> {
    const { id, state, context, folder, logger } = this.#core;
    if (state.type !== 'found') return;
    const claim: ClaimRecord = {
      attempt: id,
      folderId: context.random.uuid(),
      job: offer.job,
      automation: offer.automation,
      digest: offer.digest,
      claimedAt: new Date(context.clock.now()).toISOString(),
      traceparent,
    };
    try {
      await folder.make(claim);
    } catch (err) {
      logger.warn({ err }, 'claim cannot be written');
      // A step of its own: this one must not be taken again when that fails.
      void this.#core.post('free', () => this.#options.release.free());
      return;
    }
    this.#core.setState({ type: 'claimed', claim });
  }

  /** Reads what an earlier agent left, and goes on from there. */
  async recover(): Promise<void> {
    const { id, context, folder, stream } = this.#core;
    const { command, release } = this.#options;
    const claim = await folder.claim.read();
    if (claim === null) return release.free();
    this.#core.learnPurpose(claim);
    const recovered = await recoverFolder(context, folder);
    const found = 'record' in recovered ? recovered.record : null;
    this.#core.learnDocument(found?.document ?? null);
    // A machine that lost its power may have forgotten it elsewhere.
    if (found !== null && found.store !== null) context.sessions.gate.heard(found.store);
    this.#core.logger.info({ recovered: recovered.type }, 'attempt recovered');
    switch (recovered.type) {
      case 'delete':
        return release.free();
      case 'claimed':
        return this.#core.setState({ type: 'claimed', claim });
      case 'holding':
        context.spool.note(id, recovered.held.rawBytes);
        stream.freeze(recovered.held.rawBytes);
        this.#core.setState({ ...recovered, claim });
        return stream.open(recovered.record);
      case 'running': {
        const { record, execution, startedAt, intent } = recovered;
        const running = { claim, record, execution, startedAt };
        stream.open(record);
        command.begin(running);
        if (intent !== null) command.goOnStopping(running, intent);
        return;
      }
      case 'finished':
        return this.#recoverFinished(claim, recovered);
    }
  }

  /** The hub checked the folder's id, so its word decides: run this document, or never. */
  async receiveFirst(claim: ClaimRecord, frame: JobFrame): Promise<void> {
    const { context, folder, stream } = this.#core;
    const { command, ending } = this.#options;
    if (frame.desired === 'cancel' || command.isCancelAsked) {
      return ending.endUnborn(claim, null, { type: 'stopped-unborn', intent: 'cancelled' });
    }
    const { document } = frame;
    if (document === null) return this.#core.logger.warn({}, 'expected a document, got a job without one');
    this.#core.learnDocument(document);
    const outcome = await startAttempt(context, {
      folder,
      document,
      store: frame.store,
      secrets: stream.secrets(),
      isCancelled: () => command.isCancelAsked,
      look: (record) => command.look(record),
    });
    if (outcome.type === 'ended') return ending.endUnborn(claim, outcome.record, outcome.ending);
    const { record } = outcome;
    stream.open(record);
    if (outcome.type === 'running') return this.#begin(claim, outcome);
    const { before, launch } = outcome;
    this.#core.hook.hold(before.run, (end) => {
      void this.#core.post('before ended', () => this.#beforeEnded(before.judge(end), launch));
    });
    this.#core.setState({ type: 'preparing', claim, record, intent: null });
  }

  /** `refusal` null: the command may start. */
  async #beforeEnded(
    refusal: Ending | null,
    launch: Extract<StartOutcome, { type: 'preparing' }>['launch'],
  ): Promise<void> {
    const { command, ending } = this.#options;
    if (command.isCancelAsked) await command.stop('cancelled');
    const { state, hook } = this.#core;
    if (state.type !== 'preparing') return;
    const { claim, record, intent } = state;
    hook.free();
    const end = { claim, record, startedAt: null, recordedAt: null, escaped: 0, sameBoot: true } as const;
    if (intent !== null) return ending.settle({ ...end, ending: { type: 'stopped-unborn', intent } });
    if (refusal !== null) return ending.settle({ ...end, ending: refusal });
    const outcome = await launch();
    if (outcome.type === 'ended') return ending.settle({ ...end, ending: outcome.ending });
    this.#begin(claim, outcome);
  }

  #begin(claim: ClaimRecord, { record, execution }: Extract<StartOutcome, { type: 'running' }>): void {
    this.#options.command.begin({ claim, record, execution, startedAt: null });
  }

  /** Nothing will happen any more, but something may have been left running: what is found of it is ended first. */
  async #recoverFinished(claim: ClaimRecord, recovered: Extract<Recovered, { type: 'finished' }>): Promise<void> {
    const { context, folder, stream } = this.#core;
    const { command, ending: phase } = this.#options;
    const { record, startedAt, ending, recordedAt } = recovered;
    stream.open(record);
    const sameBoot = isOfThisBoot(context, record);
    const marker = await folder.after.read();
    const left = sameBoot && marker === null ? await this.#findLeft(record, ending) : null;
    if (left === null)
      return phase.settle({ claim, record, startedAt, ending, recordedAt, escaped: 0, sameBoot }, marker);
    this.#core.setState({ type: 'clearing', claim, record, startedAt });
    command.endTree(left, context.limits.leftoverGraceMs);
  }

  async #findLeft(record: DocumentRecord, ending: Ending): Promise<Execution | null> {
    const { context, folder } = this.#core;
    return isUnborn(ending) ? findLeftBefore(context, folder) : executorOf(context, record).adopt(folder.target);
  }
}
