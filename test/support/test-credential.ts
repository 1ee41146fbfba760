import { type KeyObject, sign } from 'node:crypto';
import type { Credential } from '../../transports/credential.ts';

/** Signs as an agent does. */
export function createTestCredential(id: string, key: KeyObject): Credential {
  return {
    async present({ target, challenge }) {
      if (challenge === null) return `agent=${id}`;
      const signature = sign(null, Buffer.from(`farhand-auth-v1\n${challenge}\n${id}\n${target}`), key);
      return `agent=${id},challenge=${challenge},signature=${signature.toString('base64url')}`;
    },
  };
}
