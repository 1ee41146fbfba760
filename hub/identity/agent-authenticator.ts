import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import { toKeyFingerprint } from '../../runtime/key-fingerprint.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import type { Admission, Authenticate } from '../../transports/credential.ts';
import type { Store } from '../store/store.ts';
import { type AgentCredential, parseAgentCredential, toSignedText } from './agent-credential.ts';
import { isSignedBy, parseAgentKey } from './agent-key.ts';
import type { AgentPrincipal } from './agent-principal.ts';
import { createChallenges } from './challenge.ts';
import type { SecretKey } from './secret-key.ts';

export interface AgentAuthenticatorOptions {
  readonly store: Store;
  readonly secretKey: SecretKey;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Of agents whose sessions come one after another. An idle agent dials once, and its key would only lie there. */
const maxKeys = 512;
/** The store may be back by then. */
const retryAfterMs = 5_000;

/**
 * Admits agents that sign a challenge of this hub with the key they enrolled with. A challenge stands for ten minutes and may be used
 * again, so an agent asks for one rarely. Unknown agents, revoked ones and wrong signatures get one and the same answer after the
 * same work: nobody learns which agents there are.
 */
export function createAgentAuthenticator(options: AgentAuthenticatorOptions): Authenticate<AgentPrincipal> {
  const { store, logger } = options;
  const challenges = createChallenges(options);
  const keys = new KeyCache();
  const nobodysKey = generateKeyPairSync('ed25519').publicKey;

  const challenge = (message: string): Admission<AgentPrincipal> => ({
    type: 'challenged',
    challenge: challenges.issue(),
    message,
  });

  async function judge(
    { agent, proof }: AgentCredential,
    target: string,
    remote: string,
  ): Promise<Admission<AgentPrincipal>> {
    if (proof === null) return challenge('sign the challenge');
    if (!challenges.isValid(proof.challenge)) return challenge('that challenge is over; sign this one');
    const record = await store.queries.agentIdentity(agent);
    const text = toSignedText(proof.challenge, agent, target);
    const signs = (publicKey: string | null) =>
      isSignedBy((publicKey === null ? null : keys.get(publicKey)) ?? nobodysKey, text, proof.signature);
    const next = record?.nextPublicKey ?? null;
    const signedByNext = next !== null && signs(next);
    const signed = signedByNext || signs(record?.publicKey ?? null);
    if (record !== null && signed && record.revokedAt !== null) {
      logger.info({ agent, remote, target }, 'revoked agent refused');
      // It has the key: it may know that nobody else took it for a stranger.
      const when = new Date(record.revokedAt).toISOString();
      return refuse(
        'unauthorized',
        `this agent was revoked at ${when}: its key opens nothing any more. To have it back, enrol it with an empty data folder`,
      );
    }
    if (record === null || !signed) {
      logger.info({ agent, remote, target }, 'agent refused');
      return refuse('unauthorized', 'this hub does not know the agent by this key; enrol it with a join token');
    }
    if (signedByNext) {
      const fingerprint = toKeyFingerprint(next);
      await store.apply('adopt-agent-key', { agentId: record.id, fingerprint, remote, at: options.clock.now() });
    }
    return { type: 'admitted', principal: { id: record.id, account: record.account, name: record.name } };
  }

  return async ({ presented, target, remote }) => {
    if (presented === null) return challenge('present "agent=<id>" and sign the challenge');
    const credential = parseAgentCredential(presented);
    if (credential === null) {
      return refuse(
        'unauthorized',
        'expected "agent=<id>,challenge=<challenge>,signature=<base64url>", got something else',
      );
    }
    try {
      return await judge(credential, target, remote);
    } catch (error) {
      logger.error({ error, agent: credential.agent }, 'agent could not be looked up');
      return refuse('unavailable', 'the hub cannot look the agent up now');
    }
  };
}

function refuse(code: 'unauthorized' | 'unavailable', message: string): Admission<AgentPrincipal> {
  return { type: 'refused', code, message, retryAfterMs: code === 'unavailable' ? retryAfterMs : null };
}

/** Keys as the verifier needs them; the least recently used one goes first. */
class KeyCache {
  readonly #keys = new Map<string, KeyObject>();

  get(publicKey: string): KeyObject | null {
    const key = this.#keys.get(publicKey) ?? parseAgentKey(publicKey);
    if (key === null) return null;
    this.#keys.delete(publicKey);
    this.#keys.set(publicKey, key);
    const oldest = this.#keys.keys().next().value;
    if (this.#keys.size > maxKeys && oldest !== undefined) this.#keys.delete(oldest);
    return key;
  }
}
