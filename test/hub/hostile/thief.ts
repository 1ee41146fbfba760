import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { head, talk } from '../../support/raw-client.ts';
import type { HostilePlace } from './hostile-place.ts';

/** The request of a websocket. */
export function toUpgrade(path: string, subprotocol: string, ...more: readonly string[]): string {
  return head(
    `GET ${path} HTTP/1.1`,
    'Host: x',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Protocol: ${subprotocol}`,
    ...more,
  );
}

export interface Thief {
  readonly id: string;
  /** A header for this target alone, unless it is used elsewhere. `signed`: another challenge than the one that it got when it enrolled. */
  present(target: string, agent?: string, signed?: string): string;
}

/** An agent that was let in, and turns on the hub: its key was stolen. */
export async function enrolThief(place: HostilePlace, name = 'thief'): Promise<Thief> {
  const { text } = await place.call('POST', '/api/v1/join-tokens', { uses: 1 });
  const { token } = JSON.parse(text) as { token: string };
  const { publicKey: key, privateKey } = generateKeyPairSync('ed25519');
  const publicKey = key.export({ type: 'spki', format: 'der' }).toString('base64');
  const proof = sign(null, Buffer.from(`farhand-enrol-v1\n${publicKey}\n${name}`), privateKey).toString('base64');
  const body = JSON.stringify({ name, labels: {}, publicKey });
  const enrolled = await talk(
    place.targetAs(name),
    head(
      'POST /v1/enrol HTTP/1.1',
      'Host: x',
      'Connection: close',
      `Authorization: Bearer ${token}`,
      `Farhand-Proof: ${proof}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ) + body,
  );
  const id = /"id":"([^"]+)"/.exec(enrolled)?.[1] ?? assert.fail(enrolled);
  const asked = await talk(place.targetAs(name), toUpgrade('/v1/control', 'cloudevents.json'));
  const challenge = /challenge="([^"]+)"/.exec(asked)?.[1] ?? assert.fail(asked);
  return {
    id,
    present(target: string, agent = id, signed = challenge): string {
      const signature = sign(null, Buffer.from(`farhand-auth-v1\n${signed}\n${id}\n${target}`), privateKey);
      return `Authorization: Farhand agent=${agent},challenge=${signed},signature=${signature.toString('base64url')}`;
    },
  };
}
