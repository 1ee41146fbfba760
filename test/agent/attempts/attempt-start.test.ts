import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Automation } from '../../../agent/automations/automation.ts';
import { createExecutors } from '../../../agent/executors/executors.ts';
import { createProcessExecutor } from '../../../agent/executors/process/process-executor.ts';
import type { AttemptResult } from '../../../protocol/attempt-result.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, testLimits } from '../agent-place.ts';
import { openChangingCatalog } from '../changing-catalog.ts';

checkLeaks();

function gist({ outcome, cause, started }: AttemptResult): object {
  return { outcome, cause, started };
}

const neverStarted = { outcome: 'never-started', cause: 'start-failed', started: false };

/** What becomes of a job whose automation is another by the time its document comes. */
async function runChanged(place: AgentPlace, change: (automation: Automation) => Automation): Promise<AttemptResult> {
  const catalog = await openChangingCatalog(place);
  const session = { ...testLimits.attempt.session, answerMs: 100 };
  await place.start({ catalog, limits: { ...testLimits, attempt: { ...testLimits.attempt, session } } });
  const digest = catalog.current.automations.get('sh')?.digest ?? assert.fail('expected an automation');
  place.hub.intercept = (frame) => frame.type === 'open';
  const parameters = { run: 'echo ran >>"$GATE/ledger"' };
  const id = place.hub.offer({ automation: 'sh', digest, parameters });
  await place.hub.until(() => place.hub.get(id).opens.length > 0, 'an open');

  catalog.change('sh', change);
  place.hub.intercept = () => false;

  return place.hub.result(id);
}

test('A job whose automation was changed since it was offered does not start', async () => {
  await using place = await createAgentPlace();

  const result = await runChanged(place, (automation) => ({ ...automation, digest: 'f'.repeat(64) }));

  assert.deepEqual(gist(result), neverStarted);
  assert.match(result.message, /was changed on this agent/);
  assert.equal(existsSync(join(place.gate, 'ledger')), false);
});

test('A job whose user is not on the machine any more does not start as another', async () => {
  await using place = await createAgentPlace();

  const result = await runChanged(place, (automation) => ({ ...automation, user: 'no-such-user' }));

  assert.deepEqual(gist(result), neverStarted);
  assert.match(result.message, /has no user "no-such-user"/);
  assert.equal(existsSync(join(place.gate, 'ledger')), false);
});

test('A program that is not there fails the job, and a shell that is not is a reason to try another time', async () => {
  const nowhere = 'kind: command\nrun: [/no/such/program]\n';
  await using place = await createAgentPlace({ nowhere });
  const first = await place.start();
  const ofCommand = place.hub.offer({ automation: 'nowhere' });
  assert.deepEqual(gist(await place.hub.result(ofCommand)), { ...neverStarted, outcome: 'failed' });
  await first[Symbol.asyncDispose]();
  const shelled = { fileSystem: systemFileSystem, clock: systemClock, logger: silentLogger, shell: '/no/such/shell' };
  const executor = createProcessExecutor(shelled);

  const agent = await place.start({ executors: createExecutors(executor) });
  const ofMachine = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });

  assert.deepEqual(gist(await place.hub.result(ofMachine)), neverStarted);
  await agent[Symbol.asyncDispose]();
  await executor[Symbol.asyncDispose]();
});
