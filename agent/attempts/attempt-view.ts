import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { AttemptReport } from '../../protocol/offer.ts';
import type { LinesSource } from '../job-log/attempt-lines.ts';
import type { JobLogSubject } from '../job-log/job-log-document.ts';
import type { AttemptCore } from './attempt-core.ts';
import { toAttemptReport } from './attempt-report.ts';
import { withSecretsGone } from './attempt-seal.ts';
import { hasNoStream, isHandedOver } from './attempt-state.ts';
import type { MaskedStream } from './masked-stream.ts';

/** What others may see of an attempt: the control channel, its sessions, and who writes its lines elsewhere. */
export class AttemptView implements LinesSource {
  readonly #core: AttemptCore;

  constructor(core: AttemptCore) {
    this.#core = core;
  }

  get report(): AttemptReport | null {
    return toAttemptReport(this.#core.state, this.rawBytes);
  }

  get rawBytes(): number {
    return this.#core.stream.rawBytes;
  }

  /** As a session may send it: null until its secrets are known, and where there is none. */
  get stream(): MaskedStream | null {
    return this.#hasNoStream ? null : this.#core.stream.stream;
  }

  /** As a session may send it, once all of the stream was: null before the seal, and as long as nobody knows how much of the stream there will be. */
  get result(): AttemptResult | null {
    const { state, stream } = this.#core;
    if (state.type !== 'holding' || this.unsaid !== null) return null;
    const { result } = state.held;
    if (this.#hasNoStream || stream.stream !== null) return result;
    return stream.goneAt === null ? null : withSecretsGone(result, stream.goneAt);
  }

  /** A result that somebody else can say better: it is not sent. */
  get unsaid(): AttemptResult | null {
    const { state, context } = this.#core;
    if (state.type !== 'holding') return null;
    const { result } = state.held;
    return context.leavesUnsaid?.(result) === true ? result : null;
  }

  get subject(): JobLogSubject | null {
    const { id, purpose, document, context } = this.#core;
    if (purpose === null) return null;
    const { number = null, account = null } = document ?? {};
    return { ...purpose, attempt: id, number, account, agent: context.agent().name };
  }

  get lines(): MaskedStream | null {
    return this.stream === null ? null : this.#core.stream.lines;
  }

  get hasNoLines(): boolean {
    const { stream } = this.#core;
    return this.#hasNoStream || (stream.stream === null && stream.goneAt !== null);
  }

  get #hasNoStream(): boolean {
    const { state } = this.#core;
    return isHandedOver(state) || (state.type === 'holding' && hasNoStream(state.held));
  }
}
