import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Secrets } from '../../protocol/job-document.ts';
import { parseJson } from '../../protocol/parse.ts';
import type { Random } from '../../runtime/random.ts';
import { IdentityError } from './identity-error.ts';
import type { SecretKey } from './secret-key.ts';

/** Keeps the secrets of jobs in the store, unreadable without the hub's key file. */
export interface SecretBox {
  /** Null for no secrets. */
  seal(jobId: string, secrets: Secrets): Uint8Array | null;
  /** No secrets for null. Throws `IdentityError` (`sealed-invalid`) for bytes of another key or another job. */
  open(jobId: string, sealed: Uint8Array | null): Secrets;
}

const cipher = 'aes-256-gcm';
/** First byte of what is sealed: how the rest is to be read. */
const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes + tagBytes;

/** AES-256-GCM; the job's id is bound to it, so that one job's secrets cannot be put before another. Version, nonce, tag, text. */
export function createSecretBox(secretKey: SecretKey, random: Random): SecretBox {
  const key = secretKey.derive('job-secrets');
  return {
    seal(jobId, secrets) {
      if (Object.keys(secrets).length === 0) return null;
      const nonce = random.bytes(nonceBytes);
      const sealing = createCipheriv(cipher, key, nonce).setAAD(Buffer.from(jobId));
      const text = Buffer.concat([sealing.update(JSON.stringify(secrets), 'utf8'), sealing.final()]);
      return Buffer.concat([Uint8Array.of(version), nonce, sealing.getAuthTag(), text]);
    },

    open(jobId, sealed) {
      if (sealed === null) return {};
      if (sealed.length < headBytes || sealed[0] !== version) throw invalid(jobId);
      try {
        const opening = createDecipheriv(cipher, key, sealed.subarray(1, 1 + nonceBytes), { authTagLength: tagBytes })
          .setAAD(Buffer.from(jobId))
          .setAuthTag(sealed.subarray(1 + nonceBytes, headBytes));
        return parseJson(
          Secrets,
          Buffer.concat([opening.update(sealed.subarray(headBytes)), opening.final()]),
          'secrets',
        );
      } catch {
        // Not as the cause: a parser's message may quote what it read.
        throw invalid(jobId);
      }
    },
  };
}

function invalid(jobId: string): IdentityError {
  return new IdentityError(
    'sealed-invalid',
    `the secrets of job ${jobId} were not sealed with this key; was the file secret-key replaced?`,
  );
}
