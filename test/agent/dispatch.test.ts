import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AttemptRegistry } from '../../agent/attempts/attempt-registry.ts';
import type { Spool } from '../../agent/attempts/spool.ts';
import type { Tombstones } from '../../agent/attempts/tombstones.ts';
import type { Catalog } from '../../agent/automations/catalog.ts';
import { createDispatch } from '../../agent/dispatch.ts';
import type { Executors } from '../../agent/executors/executors.ts';
import type { Offer } from '../../protocol/offer.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import type { SpecEntry } from '../../sync/spec-entry.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, testLimits, waitFor } from './agent-place.ts';
import { plant } from './planted-attempt.ts';

checkLeaks();

async function declineOf(place: AgentPlace, id: string): Promise<string | null | undefined> {
  await place.hub.until(() => place.hub.report(id)?.phase === 'declined', `a decline of ${id}`);
  return place.hub.report(id)?.reason;
}

async function startWaiting(place: AgentPlace, automation = 'sh'): Promise<string> {
  const id = place.hub.offer({ automation, parameters: { run: `echo up; ${waitFor('go')}` } });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');
  return id;
}

test('An offer is declined with the reason that holds', async () => {
  await using place = await createAgentPlace();
  await place.start({ slots: 2 });

  const unknown = place.hub.offer({ automation: 'nobody-has-this' });
  const changed = place.hub.offer({ automation: 'sh', digest: '0'.repeat(64) });
  assert.equal(await declineOf(place, unknown), 'unknown-automation');
  assert.equal(await declineOf(place, changed), 'unknown-automation');

  const single = await startWaiting(place, 'single');
  const second = place.hub.offer({ automation: 'single', parameters: { run: 'true' } });
  assert.equal(await declineOf(place, second), 'automation-busy');
  const other = await startWaiting(place);
  const third = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  assert.equal(await declineOf(place, third), 'no-slot');

  await place.open('go');
  for (const id of [single, other]) assert.equal((await place.hub.result(id)).outcome, 'succeeded');
  const fourth = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  assert.equal((await place.hub.result(fourth)).outcome, 'succeeded');
});

test('A probe is nothing that a job can run', async () => {
  await using place = await createAgentPlace({ probing: 'kind: probe\nrun: ["echo", "{}"]\nintervalSeconds: 3600\n' });
  await place.start();

  const id = place.hub.offer({ automation: 'probing' });

  assert.equal(await declineOf(place, id), 'unknown-automation');
});

test('A cancel of what is not held claims nothing; where a document was sent, the loss is told', async () => {
  await using place = await createAgentPlace();
  await place.start();

  const unheld = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } }, { desired: 'cancel' });
  const lost = place.hub.offer({ automation: 'sh' }, { desired: 'cancel', documentSent: true });
  const next = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  await place.hub.result(next);

  assert.equal(await declineOf(place, lost), 'state-lost');
  assert.deepEqual(place.hub.get(unheld).opens, []);
});

test('Offers that come together never take more slots than there are', async () => {
  await using place = await createAgentPlace();
  await place.start({ slots: 3 });

  const ids = Array.from({ length: 10 }, () =>
    place.hub.offer({ automation: 'sh', parameters: { run: waitFor('go') } }),
  );
  await place.hub.until(() => ids.every((id) => place.hub.report(id) !== undefined), 'an answer to each');
  const declined = ids.filter((id) => place.hub.report(id)?.phase === 'declined');
  await place.open('go');

  assert.equal(declined.length, 7);
  for (const id of ids) if (!declined.includes(id)) assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});

/** A hub that does not answer is asked again soon. */
const impatient = {
  ...testLimits,
  attempt: { ...testLimits.attempt, session: { ...testLimits.attempt.session, answerMs: 100 } },
};

test('A claim that waits for its document takes a slot for as long as its offer stands, and no longer', async () => {
  await using place = await createAgentPlace();
  place.hub.intercept = (frame) => frame.type === 'open';
  const agent = await place.start({ slots: 1, limits: impatient });
  const claimed = place.hub.offer({ automation: 'sh', parameters: { run: 'true' }, allowedSeconds: 30 });
  await place.hub.until(() => place.hub.get(claimed).opens.length > 0, 'an open');
  await new Promise((resolve) => setTimeout(resolve, 100));
  const second = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  assert.equal(await declineOf(place, second), 'no-slot');
  place.hub.intercept = () => false;
  await place.hub.result(claimed);

  place.hub.intercept = (frame) => frame.type === 'open';
  const brief = place.hub.offer({ automation: 'sh', parameters: { run: 'true' }, allowedSeconds: 0.05 });
  await place.hub.until(() => place.hub.get(brief).opens.length > 0, 'an open');
  await place.hub.until(() => agent.status().slots.used === 0, 'the time of the offer to be over');
  place.hub.intercept = () => false;
  const third = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  assert.equal((await place.hub.result(third)).outcome, 'succeeded');
});

test('A claim that an earlier agent left takes a slot: how long its offer stands, nobody knows any more', async () => {
  await using place = await createAgentPlace();
  place.hub.intercept = (frame) => frame.type === 'open';
  const claimed = await plant(place, {});
  place.hub.get(claimed).request.parameters = { run: 'true' };
  await place.start({ slots: 1, limits: impatient });
  await place.hub.until(() => place.hub.get(claimed).opens.length > 0, 'an open');

  const second = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });

  assert.equal(await declineOf(place, second), 'no-slot');
  place.hub.intercept = () => false;
  assert.equal((await place.hub.result(claimed)).outcome, 'succeeded');
});

test('A claim that the hub knows nothing of takes no slot, and is kept', async () => {
  await using place = await createAgentPlace();
  const forgotten = await plant(place, {});
  place.hub.get(forgotten).unknown = true;
  const agent = await place.start({ slots: 1 });
  await place.hub.until(() => agent.status().slots.used === 0, 'the slot to be free');

  const next = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });

  assert.equal((await place.hub.result(next)).outcome, 'succeeded');
  assert.equal(existsSync(place.attemptFolder(forgotten)), true);
});

test('An agent without the folder of a document that was sent says that the state is lost', async () => {
  await using place = await createAgentPlace();
  await place.start();

  const id = place.hub.offer({ automation: 'sh' }, { documentSent: true });

  assert.equal(await declineOf(place, id), 'state-lost');
  assert.equal(existsSync(place.attemptFolder(id)), false);
});

test('An attempt that ended here is never claimed again, whatever is offered', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo once >>"$GATE/ledger"' } });
  await place.hub.result(id);
  await place.hub.until(() => agent.status().attempts.length === 0, 'the attempt to be let go of');

  await place.hub.sendSpec(id, place.hub.get(id).offer, 50);

  assert.equal(await declineOf(place, id), 'state-lost');
  assert.equal(place.hub.get(id).documentsSent, 1);
});

test('A disk without room takes no job', async () => {
  await using place = await createAgentPlace();
  await place.start({ freeBytes: () => 1000, limits: { ...testLimits, spool: { ...testLimits.spool } } });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });

  assert.equal(await declineOf(place, id), 'spool-full');
});

test('A claim that cannot be written is declined, and nothing of it is left', async () => {
  await using place = await createAgentPlace();
  await place.start();
  await rm(join(place.data, 'attempts'), { recursive: true });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });

  assert.equal(await declineOf(place, id), 'failed');
});

test('The hub is told how each attempt goes, and what the agent is made of', async () => {
  await using place = await createAgentPlace();
  await place.start({ labels: { site: 'ams' } });
  const id = await startWaiting(place);
  await place.hub.until(() => place.hub.report(id)?.phase === 'running', 'the report');
  await place.hub.until(() => place.hub.agentReport?.slots.used === 1, 'a used slot');
  const { startedAt } = place.hub.report(id) ?? {};
  await place.open('go');
  const result = await place.hub.result(id);
  await place.hub.until(() => place.hub.agentReport?.slots.used === 0, 'a free slot');

  assert.equal(result.startedAt?.slice(0, 19), startedAt?.slice(0, 19));
  const phases = [...new Set(place.hub.get(id).reports.map(({ phase }) => phase))];
  assert.deepEqual(phases.slice(0, 2), ['accepted', 'running']);
  const report = place.hub.agentReport;
  assert.deepEqual([report?.labels, report?.slots.total, report?.health.state], [{ site: 'ams' }, 4, 'ok']);
  assert.ok(report?.automations.some(({ name, digest }) => name === 'sh' && digest.length === 64));
});

test('A hub that wants no more work gets none, and what runs runs on', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const running = await startWaiting(place);

  await place.hub.sendDesired({ schedulable: true, drain: true, note: 'maintenance' }, 1);
  await place.hub.until(() => place.hub.agentReport?.health.state === 'draining', 'the report');
  const refused = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  assert.equal(await declineOf(place, refused), 'draining');
  await place.hub.sendDesired({ schedulable: true, drain: false, note: null }, 2);
  await place.hub.until(() => place.hub.agentReport?.health.state === 'ok', 'the report');
  await place.open('go');

  assert.equal((await place.hub.result(running)).outcome, 'succeeded');
  const taken = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  assert.equal((await place.hub.result(taken)).outcome, 'succeeded');
});

test('The last thousand declines are told, and of those that came twice the last', async () => {
  const none = () => null;
  using dispatch = createDispatch({
    attempts: { get: none, list: () => [], working: () => [] } as unknown as AttemptRegistry,
    tombstones: { has: async () => false } as unknown as Tombstones,
    catalog: { current: { automations: new Map() } } as unknown as Catalog,
    executors: {} as unknown as Executors,
    spool: { hasRoom: async () => true } as unknown as Spool,
    slots: 1,
    isDistrusted: () => false,
    refuse: none,
    logger: silentLogger,
    counter: { claimed: none, declined: none },
    loops: createLoopBoard(systemClock),
  });
  const decline = (attempt: string) => {
    const spec = { attempt, job: attempt, automation: 'unknown', documentSent: false, desired: 'run' } as Offer;
    const entry = { type: 'wanted', id: attempt, version: 1, spec, traceparent: null } as unknown as SpecEntry<Offer>;
    return dispatch.handler.apply(entry, { signal: new AbortController().signal });
  };

  for (let offer = 0; offer < 1000; offer += 1) await decline(`${offer}`);
  await decline('0');
  await decline('1000');

  const told = await dispatch.statuses.list();
  assert.equal(told.length, 1000);
  assert.equal((await dispatch.statuses.get('0'))?.phase, 'declined');
  assert.equal(await dispatch.statuses.get('1'), null);
});
