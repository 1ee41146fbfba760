import { EnrolmentAnswer } from '../protocol/enrolment.ts';
import type { FileSystem } from '../runtime/file-system.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Credential } from '../transports/credential.ts';
import { AgentError } from './agent-error.ts';
import { type AgentKey, loadAgentKey } from './agent-key.ts';
import type { DataFolder } from './data-folder.ts';
import { KeyRotation } from './key-rotation.ts';
import { recordFile } from './record-file.ts';

/** Who this agent is to its hub, from the enrolment on. */
export interface Identity {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly credential: Credential;
  readonly keys: KeyRotation;
}

/** Enrols a key; null where there is nothing to enrol with. */
export type Enrol = (key: AgentKey) => Promise<EnrolmentAnswer>;

/**
 * Text that proves who dials. Before the hub handed out a challenge it is only the id; with one, a signature that holds for this
 * challenge, this agent and this target, so that a captured one opens nothing else.
 */
export function createAgentCredential(id: string, key: Pick<AgentKey, 'sign'>): Credential {
  return {
    async present({ target, challenge }) {
      if (challenge === null) return `agent=${id}`;
      const signature = key.sign(`farhand-auth-v1\n${challenge}\n${id}\n${target}`).toString('base64url');
      return `agent=${id},challenge=${challenge},signature=${signature}`;
    },
  };
}

/** Reads the identity, or gets one by enrolling and keeps it. Rejects with `AgentError`. */
export async function loadIdentity(
  fs: FileSystem,
  folder: DataFolder,
  { enrol, logger }: { readonly enrol: Enrol | null; readonly logger: Logger },
): Promise<Identity> {
  const key = await loadAgentKey(fs, folder.key);
  const file = recordFile(fs, folder.identity, EnrolmentAnswer);
  let known = await file.read();
  if (known === null) {
    if (enrol === null) {
      throw new AgentError(
        'not-enrolled',
        'this agent is not enrolled yet: expected a join token (FARHAND_JOIN_TOKEN), got none',
      );
    }
    known = await enrol(key);
    await file.write(known);
  }
  const keys = await KeyRotation.open({ fs, folder, agentId: known.id, current: key, logger });
  return { ...known, credential: createAgentCredential(known.id, keys), keys };
}
