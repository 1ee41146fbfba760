import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Automation } from '../../../agent/automations/automation.ts';
import { type Catalog, openCatalog } from '../../../agent/automations/catalog.ts';
import type { AttemptResult } from '../../../protocol/attempt-result.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, testLimits, waitFor } from '../agent-place.ts';

checkLeaks();

function gist({ outcome, cause, started }: AttemptResult): object {
  return { outcome, cause, started };
}

const neverStarted = { outcome: 'never-started', cause: 'start-failed', started: false };

/** What becomes of a job whose automation is another by the time its document comes. */
async function runChanged(place: AgentPlace, change: (automation: Automation) => Automation): Promise<AttemptResult> {
  const real = await openCatalog(join(place.root, 'automations'));
  let { current } = real;
  const catalog: Catalog = {
    kinds: real.kinds,
    holdsMistakes: false,
    get current() {
      return current;
    },
    reload: async () => current,
    onChange: () => () => {},
  };
  const session = { ...testLimits.attempt.session, answerMs: 100 };
  await place.start({ catalog, limits: { ...testLimits, attempt: { ...testLimits.attempt, session } } });
  const automation = current.automations.get('sh') ?? assert.fail('expected an automation');
  place.hub.intercept = (frame) => frame.type === 'open';
  const parameters = { run: 'echo ran >>"$GATE/ledger"' };
  const id = place.hub.offer({ automation: 'sh', digest: automation.digest, parameters });
  await place.hub.until(() => place.hub.get(id).opens.length > 0, 'an open');

  current = { ...current, automations: new Map([['sh', change(automation)]]) };
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

test('Of the times that an automation and a job allow the shorter one counts', async () => {
  const script = 'kind: script\nscript: "eval \\"$FARHAND_PARAM_RUN\\""\ninherit: [GATE]\n';
  await using place = await createAgentPlace({
    brief: `${script}timeoutSeconds: 1\n`,
    long: `${script}timeoutSeconds: 600\n`,
  });
  await place.start();
  const parameters = { run: waitFor('never') };

  const ofAutomation = place.hub.offer({ automation: 'brief', parameters, timeoutSeconds: 600 });
  const ofJob = place.hub.offer({ automation: 'long', parameters, timeoutSeconds: 0.1 });

  const late = { outcome: 'timed-out', cause: 'timeout', started: true };
  assert.deepEqual(gist(await place.hub.result(ofAutomation)), late);
  assert.deepEqual(gist(await place.hub.result(ofJob)), late);
});

test('A document that finds no room on the disk is a reason never to start', async () => {
  await using place = await createAgentPlace();
  const fileSystem: typeof systemFileSystem = {
    ...systemFileSystem,
    open: async (path, flags, mode) => {
      if (path.endsWith('/document.json') && flags !== 'r') throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      return systemFileSystem.open(path, flags, mode);
    },
  };
  await place.start({ fileSystem });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });

  assert.deepEqual(gist(await place.hub.result(id)), { ...neverStarted, cause: 'spool-full' });
});
