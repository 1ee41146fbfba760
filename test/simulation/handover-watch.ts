import type { AttemptRecord } from '../../hub/store/records.ts';
import type { UnknownFrame } from '../../protocol/parse-frame.ts';
import type { HubFrame } from '../../protocol/session-frame.ts';
import { type AutomationName, automationTerms } from './automations.ts';
import type { RunnerHeard } from './pod-runner.ts';
import type { SimulatedPod } from './simulated-pod.ts';

/** Sees what is handed over to whom, and says what must not be: `docs/attempts.md` §7. */
export class HandoverWatch {
  readonly #podsOf: (attempt: string) => readonly SimulatedPod[];
  readonly #violates: (violation: string) => void;
  /** Attempts whose commands run in pods. */
  readonly #inPods = new Set<string>();
  readonly #takenBack = new Set<string>();
  /** The folder that got the document, by attempt. */
  readonly #given = new Map<string, string>();

  constructor(options: {
    readonly podsOf: (attempt: string) => readonly SimulatedPod[];
    readonly violates: (violation: string) => void;
  }) {
    this.#podsOf = options.podsOf;
    this.#violates = options.violates;
  }

  isInPod(attempt: string): boolean {
    return this.#inPods.has(attempt);
  }

  seeAttempt({ id, automation, handover }: AttemptRecord): void {
    if (automationTerms[automation as AutomationName].inPod) this.#inPods.add(id);
    if (handover?.state !== 'taken-back' || this.#takenBack.has(id)) return;
    this.#takenBack.add(id);
    for (const pod of this.#podsOf(id))
      if (!pod.isOver && !pod.isCalledLost) this.#violates(`attempt ${id} is taken back while ${pod.name} is alive`);
  }

  agentHears(attempt: string, frame: HubFrame | UnknownFrame): void {
    if (frame.type === 'job' && frame.secrets !== null && this.#inPods.has(attempt))
      this.#violates(`the agent of attempt ${attempt} is sent the secrets of its runner`);
  }

  /** `isTrusted`: somebody trusts a store that came back, and may not know who got it first. True when it went to another one before. */
  runnerHears(
    { name, attempt }: SimulatedPod,
    { folderId, hasDocument, hasSecrets }: RunnerHeard,
    isTrusted: boolean,
  ): boolean {
    if (!hasDocument && !hasSecrets) return false;
    const given = this.#given.get(attempt) ?? folderId;
    this.#given.set(attempt, given);
    if (given === folderId) return false;
    if (!isTrusted) this.#violates(`attempt ${attempt} is given to ${name}, and was given to another pod`);
    return true;
  }
}
