import type { EnrolmentAnswer, EnrolmentRequest } from '../../protocol/enrolment.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { ClientCertificate } from '../../transports/client-certificate.ts';
import type { Origin } from '../store/actor.ts';
import type { Store } from '../store/store.ts';
import { isSignedBy, parseAgentKey } from './agent-key.ts';
import { judgeCertificateNames } from './certificate-names.ts';
import { hashToken } from './token-text.ts';

export type EnrolmentOutcome =
  | { readonly type: 'enrolled' | 'repeated'; readonly answer: EnrolmentAnswer }
  | { readonly type: 'token-invalid' | 'name-taken' | 'key-invalid' | 'proof-invalid' }
  | { readonly type: 'certificate-of-another'; readonly message: string }
  | { readonly type: 'labels-not-allowed'; readonly labels: readonly string[] };

/** Rejects with `StoreError`. */
export type Enrol = (enrolment: {
  readonly joinToken: string;
  readonly request: EnrolmentRequest;
  /** Base64 of the signature that shows who holds the key. */
  readonly proof: string;
  readonly certificate: ClientCertificate | null;
  readonly origin: Origin;
}) => Promise<EnrolmentOutcome>;

function toEnrolmentProofText(request: Pick<EnrolmentRequest, 'publicKey' | 'name'>): string {
  return `farhand-enrol-v1\n${request.publicKey}\n${request.name}`;
}

/**
 * Lets an agent in for the first time. The same key with the same name may enrol again, also when the token's uses are spent: its
 * first answer may have been lost on the way.
 */
export function createEnrolment(options: {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}): Enrol {
  const { store, clock, random } = options;
  return async ({ joinToken, request, proof, certificate, origin }) => {
    const joinTokenHash = hashToken(joinToken);
    const token = await store.queries.joinTokenByHash(joinTokenHash);
    if (token === null) return { type: 'token-invalid' };
    const key = parseAgentKey(request.publicKey);
    if (key === null) return { type: 'key-invalid' };
    if (!isSignedBy(key, toEnrolmentProofText(request), proof)) {
      // With nothing to prove, as `farhand doctor` asks: whether anybody may still join with the token.
      const isOver = token.expiresAt !== null && token.expiresAt <= clock.now();
      return { type: isOver || token.usesLeft === 0 ? 'token-invalid' : 'proof-invalid' };
    }
    const complaint = judgeCertificateNames(certificate, { account: token.account, name: request.name });
    if (complaint !== null) return { type: 'certificate-of-another', message: complaint };
    const result = await store.apply('enrol-agent', {
      joinTokenHash,
      agentId: random.orderedUuid(),
      name: request.name,
      publicKey: request.publicKey,
      claimedLabels: request.labels,
      origin,
      at: clock.now(),
    });
    if (!('agent' in result)) return result;
    const { id, name, account } = result.agent;
    return { type: result.type, answer: { id, name, account } };
  };
}
