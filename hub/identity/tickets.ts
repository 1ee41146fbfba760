import { createPrivateKey, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { Id } from '../../protocol/names.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { SecretKey } from './secret-key.ts';

/** What a runner may do: open the sessions of one attempt, in the place of the agent that handed it over. */
export interface Ticket {
  readonly attempt: string;
  readonly agentId: string;
  /** The agent's folder of the attempt. */
  readonly agentFolderId: string;
  /** Of the hub's store that made it. */
  readonly storeId: string;
  readonly isOver: boolean;
}

export type TicketReading =
  | { readonly type: 'ticket'; readonly ticket: Ticket }
  /** `why` is for the hub's log alone. */
  | { readonly type: 'invalid'; readonly why: string };

/** Makes and reads session tickets: JWTs, signed with an Ed25519 key that is derived from the hub's one secret. */
export interface Tickets {
  /** `waitSeconds`: how long its runner may need to come, by the word of the agent; a ticket lasts an hour at least, and `maxLifeSeconds` at most. */
  issue(its: Omit<Ticket, 'storeId' | 'isOver'> & { readonly waitSeconds?: number | undefined }): Promise<string>;
  /** Never rejects. A ticket of another attempt is invalid; one that is over is read, and says so. */
  read(text: string, attempt: string): Promise<TicketReading>;
}

/** A ticket's time to be brought for the first time: an image may have to be fetched. */
const leastLifeSeconds = 3600;
/** An agent may say that its pods wait for a day for a node, and another for their image. */
const maxLifeSeconds = 3 * 86_400;
const algorithm = 'EdDSA';
const tokenType = 'farhand-ticket+jwt';
/** RFC 8410, §7: what stands before the 32 bytes of an Ed25519 key in PKCS#8. */
const keyHeader = Buffer.from('302e020100300506032b657004220420', 'hex');

const Claims = z.object({ iss: z.string().min(1), sub: Id, aud: Id, folder: Id, exp: z.number(), jti: Id });

export function createTickets({
  secretKey,
  storeId,
  clock,
  random,
}: {
  readonly secretKey: SecretKey;
  readonly storeId: string;
  readonly clock: Clock;
  readonly random: Random;
}): Tickets {
  const der = Buffer.concat([keyHeader, secretKey.derive('session-tickets')]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);

  function toReading(payload: unknown, isOver: boolean): TicketReading {
    const claims = Claims.safeParse(payload);
    if (!claims.success) return { type: 'invalid', why: 'claims' };
    const { iss: storeOfTicket, sub: agentId, aud: attempt, folder: agentFolderId } = claims.data;
    return { type: 'ticket', ticket: { attempt, agentId, agentFolderId, storeId: storeOfTicket, isOver } };
  }

  return {
    async issue({ attempt, agentId, agentFolderId, waitSeconds = 0 }) {
      const { SignJWT } = await import('jose');
      const now = Math.floor(clock.now() / 1000);
      return new SignJWT({ folder: agentFolderId })
        .setProtectedHeader({ alg: algorithm, typ: tokenType })
        .setIssuer(storeId)
        .setSubject(agentId)
        .setAudience(attempt)
        .setJti(random.uuid())
        .setIssuedAt(now)
        .setExpirationTime(now + Math.min(Math.max(waitSeconds, leastLifeSeconds), maxLifeSeconds))
        .sign(privateKey);
    },
    async read(text, attempt) {
      const { errors, jwtVerify } = await import('jose');
      try {
        const { payload } = await jwtVerify(text, publicKey, {
          algorithms: [algorithm],
          typ: tokenType,
          audience: attempt,
          currentDate: new Date(clock.now()),
          requiredClaims: ['exp'],
        });
        return toReading(payload, false);
      } catch (error) {
        // Its signature and its audience were found right before its time was looked at.
        if (error instanceof errors.JWTExpired && error.claim === 'exp') return toReading(error.payload, true);
        return { type: 'invalid', why: error instanceof errors.JOSEError ? error.code : String(error) };
      }
    },
  };
}
