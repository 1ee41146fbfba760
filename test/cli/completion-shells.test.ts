import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { answerJson, startFakeApi } from '../support/fake-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { sampleAgent } from '../support/sample-agent.ts';
import { sampleAutomation, sampleJob } from '../support/sample-job.ts';
import { lacksShell, type Shell, type ShellSession, startShell } from '../support/shell-session.ts';

checkLeaks();

const tab = '\t';
const parameters = {
  properties: { name: { type: 'string', default: 'world' }, level: { enum: ['low', 'high'] } },
};

/** A shell in a folder of its own, with farhand on its PATH, the completions loaded and a hub to ask. */
async function withShell(shell: Shell, use: (session: ShellSession) => Promise<void>): Promise<void> {
  await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  await mkdir(join(place.path, 'bin'));
  await symlink(join(import.meta.dirname, '../../cli/farhand.mjs'), join(place.path, 'bin/farhand'));
  await mkdir(join(place.path, 'automations'));
  await writeFile(join(place.path, 'values.json'), '{}');
  await using api = await startFakeApi({
    'GET /automations': (_, response) =>
      answerJson(response, {
        items: [
          sampleAutomation({ name: 'deploy', parameters, description: 'Bring it out' }),
          sampleAutomation({ name: 'disk-report' }),
          sampleAutomation({ name: 'disk-wipe' }),
        ],
      }),
    'GET /agents': (_, response) =>
      answerJson(response, { items: [sampleAgent({ name: 'edge-7', labels: { site: 'ams' } })], nextCursor: null }),
    'GET /jobs': (_, response) => answerJson(response, { items: [sampleJob()], nextCursor: null }),
  });
  await using session = await startShell(shell, {
    folder: place.path,
    environment: {
      PATH: `${join(place.path, 'bin')}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      FARHAND_HUB_URL: api.address,
    },
  });
  if (shell === 'zsh') await session.run('autoload -Uz compinit; compinit -u -D');
  await session.run(shell === 'fish' ? 'farhand completion fish | source' : `eval "$(farhand completion ${shell})"`);
  await use(session);
}

/** What somebody types before Tab, and what the line is after it. */
const presses: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'commands and options': [
    ['farhand aut', 'farhand automations '],
    ['farhand token cr', 'farhand token create '],
    ['farhand run deploy --idem', 'farhand run deploy --idempotency-key '],
    ['farhand jobs --state succ', 'farhand jobs --state succeeded '],
    ['farhand jobs --state=succ', 'farhand jobs --state=succeeded '],
  ],
  'what the hub knows': [
    ['farhand drain e', 'farhand drain edge-7 '],
    ['farhand run dep', 'farhand run deploy '],
    ['farhand run di', 'farhand run disk-'],
    ['farhand run deploy -l si', 'farhand run deploy -l site='],
    ['farhand logs -f 0197', `farhand logs -f ${sampleJob().id} `],
  ],
  'parameters, files and folders': [
    ['farhand run deploy -p na', 'farhand run deploy -p name='],
    ['farhand run deploy -p name=w', 'farhand run deploy -p name=world '],
    ['farhand run deploy -p level=h', 'farhand run deploy -p level=high '],
    ['farhand run deploy --parameters val', 'farhand run deploy --parameters values.json '],
    ['farhand init aut', 'farhand init automations/'],
  ],
};

/** Zsh takes the slash behind a folder away when the line is run. */
function trim(line: string): string {
  return line.trimEnd().replace(/\/$/, '');
}

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  describe(`Tab in ${shell}`, { skip: lacksShell(shell) }, () => {
    for (const [what, some] of Object.entries(presses)) {
      it(`completes ${what}`, () =>
        withShell(shell, async (session) => {
          for (const [typed, expected] of some) {
            const line = await session.lineAfter(typed, tab);

            assert.equal(trim(line), trim(expected), typed);
          }
        }));
    }

    it('lists what there is when several fit', () =>
      withShell(shell, async (session) => {
        // The first completes what they have in common.
        const keys = tab.repeat(3);
        await session.shows('farhand run ', keys, 'deploy', 'disk-report', 'disk-wipe');
        await session.shows('farhand jobs --state ', keys, 'queued', 'timed-out');
      }));

    it('is silent where the hub is away', () =>
      withShell(shell, async (session) => {
        await session.run(
          shell === 'fish' ? 'set -x FARHAND_HUB_URL http://127.0.0.1:9' : 'export FARHAND_HUB_URL=http://127.0.0.1:9',
        );

        const line = await session.lineAfter('farhand run dep', tab);

        assert.equal(line.trimEnd(), 'farhand run dep');
      }));
  });
}
