import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, waitFor } from './agent-place.ts';
import { dead, type Planted, plant } from './planted-attempt.ts';

checkLeaks();

const secrets = { word: 'correct-horse' };
const raw = 'begin correct-horse end\n';
const masked = 'begin *** end\n';

/** A result that lies on the disk, of a job that printed `stream`. */
function sealed(stream: string): AttemptResult {
  return {
    outcome: 'succeeded',
    cause: 'exit-code',
    message: 'exited with 0',
    started: true,
    exitCode: 0,
    signal: null,
    outputs: { n: 1 },
    log: {
      bytes: stream.length,
      sha256: createHash('sha256').update(stream).digest('hex'),
      complete: true,
      gaps: [],
      trailing: 0,
    },
    escaped: 0,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:01.000Z',
    usage: null,
  };
}

/** Plants an attempt of whose stream the hub has `stored`. */
async function plantStored(place: AgentPlace, stored: string, planted: Planted): Promise<string> {
  const id = await plant(place, { started: dead, ...planted });
  const attempt = place.hub.get(id);
  attempt.log = [Buffer.from(stored)];
  attempt.bytes = stored.length;
  attempt.hash = createHash('sha256').update(stored);
  return id;
}

test('A job that runs on while its secrets go ends as it would, and no more of its stream is sent', async () => {
  await using place = await createAgentPlace();
  const first = await place.start();
  const run = `echo one; ${waitFor('go')}; echo "$FARHAND_SECRET_WORD"; exit 3`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run }, secrets });
  await place.hub.until(() => place.hub.log(id).length === 4, 'the first line');
  await first[Symbol.asyncDispose]();
  const attempt = place.hub.get(id);
  attempt.secretsGone = true;
  let logs = 0;
  place.hub.intercept = (frame) => {
    if (frame.type === 'log') logs += 1;
    return false;
  };

  await place.start();
  await place.hub.until(() => attempt.opens.length === 2, 'the attempt to be opened again');
  await place.open('go');
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.exitCode], ['failed', 3]);
  assert.deepEqual(
    [result.log.bytes, result.log.complete, result.log.gaps],
    [4, false, [{ at: 4, bytes: null, why: 'secrets-gone' }]],
  );
  assert.deepEqual([logs, place.hub.log(id).toString()], [0, 'one\n']);
});

test('A job that was only claimed when its secrets went never starts', async () => {
  await using place = await createAgentPlace();
  const id = await plant(place, { secrets });
  const attempt = place.hub.get(id);
  attempt.request.parameters = { run: 'touch "$GATE/ran"' };
  attempt.secretsGone = true;

  await place.start();
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.started, attempt.documentsSent], ['cancelled', false, 0]);
  assert.equal(existsSync(join(place.gate, 'ran')), false);
});

test('A result that was sealed before its secrets went is delivered with a gap from where the hub is to the end', async () => {
  await using place = await createAgentPlace();
  const result = sealed(masked);
  const planted = { document: 'this-boot', exit: '0\n', raw, secrets, result } as const;
  const id = await plantStored(place, 'begin ', planted);
  place.hub.get(id).secretsGone = true;

  await place.start();
  const delivered = await place.hub.result(id);

  const gap = { at: 6, bytes: masked.length - 6, why: 'secrets-gone' };
  assert.deepEqual(delivered, { ...result, log: { ...result.log, bytes: 6, complete: false, gaps: [gap] } });
  assert.equal(place.hub.log(id).toString(), 'begin ');
});

test('A result whose stream the hub had whole before the secrets went is delivered as it was written', async () => {
  await using place = await createAgentPlace();
  const result = sealed(masked);
  const planted = { document: 'this-boot', exit: '0\n', raw, secrets, result } as const;
  const id = await plantStored(place, masked, planted);
  place.hub.get(id).secretsGone = true;

  await place.start();

  assert.deepEqual(await place.hub.result(id), result);
  assert.equal(place.hub.log(id).toString(), masked);
});

test('What a power loss took from a log that the hub has already is no reason to send it again or to take it back', async () => {
  await using place = await createAgentPlace();
  const planted = { document: 'another-boot', raw: 'hel' } as const;
  const ended = await plantStored(place, 'hello\n', { ...planted, exit: '0\n' });
  const lost = await plantStored(place, 'hello\n', planted);
  const hidden = await plantStored(place, 'hello\n', { ...planted, secrets });

  await place.start();

  const outcomes: string[] = [];
  for (const id of [ended, lost, hidden]) {
    const { outcome, log } = await place.hub.result(id);
    outcomes.push(outcome);
    assert.deepEqual([log.bytes, log.complete, log.gaps], [3, false, [{ at: 3, bytes: null, why: 'power-loss' }]]);
    assert.equal(place.hub.log(id).toString(), 'hello\n');
    assert.equal(place.hub.get(id).results.length, 1);
  }
  assert.deepEqual(outcomes, ['succeeded', 'lost', 'lost']);
});

test('A power loss and secrets that are gone are both told', async () => {
  await using place = await createAgentPlace();
  const id = await plantStored(place, 'begin ', { document: 'another-boot', exit: '0\n', raw: 'beg', secrets });
  place.hub.get(id).secretsGone = true;

  await place.start();
  const { log } = await place.hub.result(id);

  assert.equal(log.complete, false);
  assert.deepEqual(new Set(log.gaps.map(({ why }) => why)), new Set(['power-loss', 'secrets-gone']));
  assert.equal(place.hub.log(id).toString(), 'begin ');
});

test('What a restored hub knows nothing of, and of which nothing runs, takes no slot from other jobs', async () => {
  await using place = await createAgentPlace();
  const ended = await plant(place, { document: 'this-boot', started: dead, exit: '0\n', raw, secrets });
  const claimed = await plant(place, {});
  for (const id of [ended, claimed]) place.hub.get(id).unknown = true;
  await place.start({ slots: 1 });
  await place.hub.until(
    () => [ended, claimed].every((id) => place.hub.get(id).opens.length > 0),
    'both to be asked about',
  );

  const id = await offerUntilTaken(place);

  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
  assert.deepEqual(
    [ended, claimed].map((one) => existsSync(place.attemptFolder(one))),
    [true, true],
  );
});

/** As a hub does that tries again. */
async function offerUntilTaken(place: AgentPlace): Promise<string> {
  for (;;) {
    const id = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
    await place.hub.until(() => place.hub.get(id).opens.length > 0 || place.hub.report(id) !== undefined, 'an answer');
    if (place.hub.report(id)?.phase !== 'declined') return id;
  }
}
