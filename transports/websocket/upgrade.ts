import type { IncomingMessage } from 'node:http';
import { parseTarget, type Target } from '../targets.ts';
import type { Refusal } from './refusal.ts';
import { controlCodec, hubSessionCodec } from './wire.ts';

export type Upgrade =
  | { readonly type: 'wanted'; readonly target: Target; readonly presented: string | null }
  | { readonly type: 'refused'; readonly refusal: Refusal };

/** What an upgrade request wants, or why it cannot have it. Looks at nothing but the request line and the headers. */
export function readUpgrade(request: IncomingMessage, pathPrefix: string): Upgrade {
  const path = request.url?.split('?', 1)[0] ?? '';
  const target = path.startsWith(pathPrefix) ? parseTarget(path.slice(pathPrefix.length)) : null;
  if (target === null) {
    return refused({
      code: 'not-found',
      detail: 'expected /v1/control or /v1/sessions/<attempt> behind the address of the hub: check its path',
    });
  }
  if (request.method !== 'GET')
    return refused({ code: 'method-not-allowed', detail: 'expected GET', headers: { allow: 'GET' } });
  if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
    return refused({
      code: 'upgrade-required',
      detail: 'expected "Upgrade: websocket"',
      headers: { upgrade: 'websocket' },
    });
  }
  const { subprotocol } = target.type === 'control' ? controlCodec : hubSessionCodec;
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(subprotocol)) {
    return refused({
      code: 'header-invalid',
      detail: `expected the websocket subprotocol ${subprotocol} at this path: is the other side of the same version?`,
    });
  }
  const presented = /^Farhand +(?<text>\S+)$/iu.exec(request.headers.authorization ?? '')?.groups?.['text'] ?? null;
  return { type: 'wanted', target, presented };
}

function refused(refusal: Refusal): Upgrade {
  return { type: 'refused', refusal };
}
