import type { AgentDesired, AgentReport } from '../protocol/agent-report.ts';
import { toKeyProofText } from '../protocol/key-proof.ts';
import type { FileSystem } from '../runtime/file-system.ts';
import type { Logger } from '../runtime/logger.ts';
import { type AgentKey, makeAgentKey, readAgentKey } from './agent-key.ts';
import type { DataFolder } from './data-folder.ts';

export interface KeyRotationOptions {
  readonly fs: FileSystem;
  readonly folder: DataFolder;
  readonly agentId: string;
  readonly current: AgentKey;
  readonly logger: Logger;
}

/**
 * The agent's key, and how another takes its place when the hub wishes it:
 *
 * 1. A new key is made, and is durable in `agent.key.next` before anybody hears of it.
 * 2. The report tells it, with a proof that we hold it. From when the hub says that it accepted it, the hub takes both.
 * 3. The file takes the name `agent.key`, durably; from then on the new key signs, and the report says so. The hub forgets the old one.
 *
 * Killed between any two of these, the agent has a key that the hub knows, and goes on where it was.
 */
export class KeyRotation {
  readonly #options: KeyRotationOptions;
  #current: AgentKey;
  #next: AgentKey | null;
  #working: Promise<void> = Promise.resolve();

  private constructor(options: KeyRotationOptions, next: AgentKey | null) {
    this.#options = options;
    this.#current = options.current;
    this.#next = next;
  }

  /** Takes up what an earlier process began. A new key that is not whole was told to nobody. */
  static async open(options: KeyRotationOptions): Promise<KeyRotation> {
    return new KeyRotation(options, await readAgentKey(options.fs, options.folder.nextKey));
  }

  /** Signs with whichever key is the agent's at this moment. */
  sign(text: string): Buffer {
    return this.#current.sign(text);
  }

  /** For the agent's report. */
  get told(): NonNullable<AgentReport['key']> {
    const next = this.#next;
    const { agentId } = this.#options;
    return {
      fingerprint: this.#current.fingerprint,
      next:
        next === null
          ? null
          : {
              publicKey: next.publicKey,
              proof: next.sign(toKeyProofText(next.publicKey, agentId)).toString('base64'),
            },
    };
  }

  /** Does the next step towards what the hub wishes. Resolves with whether there is something new to tell. Rejects with what the file system says; asked again it tries again. */
  wish(wish: AgentDesired['replaceKey']): Promise<boolean> {
    const step = this.#working.then(() => this.#step(wish));
    this.#working = step.then(
      () => {},
      () => {},
    );
    return step;
  }

  async #step(wish: AgentDesired['replaceKey']): Promise<boolean> {
    const { fs, folder, logger } = this.#options;
    if (wish === null || wish.old !== this.#current.fingerprint) return false;
    if (this.#next === null) {
      this.#next = await makeAgentKey(fs, folder.nextKey);
      logger.info({ from: this.#current.fingerprint, to: this.#next.fingerprint }, 'new key made');
      return true;
    }
    if (wish.accepted !== this.#next.fingerprint) return false;
    await fs.rename(folder.nextKey, folder.key);
    // Before it is used or told: the hub forgets the old one then, and a power loss must not bring that back.
    await fs.syncFolder(folder.root);
    this.#current = this.#next;
    this.#next = null;
    logger.info({ key: this.#current.fingerprint }, 'key rotated');
    return true;
  }
}
