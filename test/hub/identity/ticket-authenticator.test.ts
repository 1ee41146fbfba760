import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admitTickets } from '../../../hub/identity/ticket-authenticator.ts';
import type { Ticket } from '../../../hub/identity/tickets.ts';
import type { Store } from '../../../hub/store/store.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { sessionTarget } from '../../../transports/targets.ts';

const attempt = '0190d2a6-1111-7000-8000-000000000001';
const agent = { id: '0190d2a6-1111-7000-8000-000000000003', account: 'default', name: 'a1', revokedAt: null };
const ticket: Ticket = {
  attempt,
  agentId: agent.id,
  agentFolderId: '11111111-1111-4111-8111-111111111111',
  storeId: '22222222-2222-4222-8222-222222222222',
  isOver: false,
};

interface Given {
  readonly presented?: string;
  readonly target?: string;
  readonly isOver?: boolean;
  readonly known?: object | null;
  readonly stored?: object | null;
  readonly isStoreDown?: boolean;
}

/** What becomes of a dial: `admitted`, or the code of the refusal and whether it says when to come again. */
async function dial(given: Given): Promise<string> {
  const { presented = 'ticket=a.b.c', target = sessionTarget(attempt), isOver = false, known = agent } = given;
  const queries = {
    async agentIdentity() {
      if (given.isStoreDown === true) throw new Error('the store is closed');
      return known;
    },
    attempt: async () => given.stored ?? null,
  };
  const tickets = { read: async () => ({ type: 'ticket', ticket: { ...ticket, isOver } }) as const };
  const options = { tickets, store: { queries } as unknown as Pick<Store, 'queries'>, logger: silentLogger };
  const authenticate = admitTickets(
    async () => ({ type: 'refused', code: 'forbidden', message: 'asked', retryAfterMs: null }),
    options,
  );
  const admission = await authenticate({
    presented,
    target,
    remote: 'test',
    signal: new AbortController().signal,
  } as never);
  if (admission.type === 'refused') return `${admission.code}${admission.retryAfterMs === null ? '' : ', later'}`;
  return admission.type;
}

describe('a dial with a ticket', () => {
  for (const [what, given, expected] of [
    ['is admitted', {}, 'admitted'],
    ['is judged as another where it has none', { presented: 'agent=a1' }, 'forbidden'],
    ['is refused where it is for no session', { target: '/v1/control' }, 'unauthorized'],
    ['is refused for an agent that nobody knows', { known: null }, 'unauthorized'],
    ['is refused for an agent that was revoked', { known: { ...agent, revokedAt: 1 } }, 'unauthorized'],
    ['is told to come later while the store is down', { isStoreDown: true }, 'unavailable, later'],
    [
      'is refused when it is over and nobody came',
      { isOver: true, stored: { state: 'running', handover: { runner: null } } },
      'unauthorized',
    ],
    ['is refused when it is over and the attempt is not known', { isOver: true }, 'unauthorized'],
    [
      'goes on when it is over and its runner came in time',
      { isOver: true, stored: { state: 'running', handover: { runner: {} } } },
      'admitted',
    ],
    [
      'is told the last word when it is over and the attempt ended',
      { isOver: true, stored: { state: 'ended', handover: null } },
      'admitted',
    ],
  ] as const)
    it(what, async () => {
      assert.equal(await dial(given), expected);
    });
});
