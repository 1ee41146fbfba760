import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { promisify } from 'node:util';
import type { Preparation } from '../../../agent/automations/preparation.ts';
import { prepare } from '../../../agent/automations/prepare.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createPreparation, readAutomation } from './sample.ts';

const run = promisify(execFile);

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farhand-delivery-'));
});

afterEach(() => rm(folder, { recursive: true }));

checkLeaks();

/** Prepares, writes the files and really runs the command; answers its standard output. */
async function deliver(
  text: string,
  given: Partial<Omit<Preparation, 'document'>>,
  parameters: Record<string, string>,
): Promise<string> {
  const preparation = createPreparation({
    folder,
    environment: { PATH: process.env['PATH'] },
    ...given,
    document: { parameters },
  });
  const result = prepare(readAutomation(text), {
    ...preparation,
    document: { ...preparation.document, secretNames: [] },
  });
  if (result.type === 'refused') assert.fail(result.message);
  const { argv, environment, files, workingDirectory } = result.command;
  for (const file of files) await writeFile(join(folder, file.name), file.content);
  const [program, ...rest] = argv;
  const { stdout } = await run(program, rest, { env: environment, cwd: workingDirectory, maxBuffer: 10 * 1024 * 1024 });
  return stdout;
}

const hostile: Readonly<Record<string, string>> = {
  quotes: `it's "quoted" \`like\` \\this\\ '"'"'`,
  expansions: '$(touch pwned) `id` ${HOME} $HOME ${parameters.quotes} ${secrets.s} %s %n !! *',
  lines: 'one\ntwo\r\nthree\n\n\ttab\n',
  blanks: '   leading and trailing   ',
  option: '--help',
  emoji: '👩‍🚀 naïve 你好 \u202Eright to left',
  long: `${'0123456789 "\n'.repeat(8_000)}end`,
  empty: '',
};

const program = `
  const fs = require('node:fs');
  const { env, argv } = process;
  fs.writeSync(1, JSON.stringify({ argument: argv[1], variable: env.FARHAND_PARAM_A, secret: env.FARHAND_SECRET_S, own: env.OWN,
    file: JSON.parse(fs.readFileSync(env.FARHAND_PARAMETERS, 'utf8')).a }));
`.replaceAll('\n', ' ');

suite('what a document holds', () => {
  for (const [name, value] of Object.entries(hostile)) {
    test(`arrives byte by byte as argument, variable, secret and file: ${name}`, async () => {
      const text = `run: [${JSON.stringify(process.execPath)}, "-e", ${JSON.stringify(program)}, "--", "\${parameters.a}"]\nenvironment: {OWN: "<\${secrets.s}>"}`;

      const got: unknown = JSON.parse(await deliver(text, { secrets: { s: value } }, { a: value }));

      const variable = Buffer.byteLength(value) <= 65_536 ? value : undefined;
      assert.deepEqual(got, {
        argument: value,
        ...(variable === undefined ? {} : { variable }),
        secret: value,
        own: `<${value}>`,
        file: value,
      });
    });
  }

  test('arrives in a script', async () => {
    const text = 'script: |\n  printf "%s" "$FARHAND_PARAM_A$FARHAND_SECRET_S"';

    const got = await deliver(text, { secrets: { s: hostile['quotes'] ?? '' } }, { a: hostile['expansions'] ?? '' });

    assert.equal(got, `${hostile['expansions']}${hostile['quotes']}`);
  });

  test('is not beside what the agent itself has in its environment', async () => {
    const got = await deliver(
      'run: [env]',
      { environment: { PATH: process.env['PATH'], SECRET_OF_THE_AGENT: 'x' } },
      {},
    );

    const names = new Set(
      got
        .trim()
        .split('\n')
        .map((line) => line.split('=')[0]),
    );
    assert.deepEqual(
      names,
      new Set([
        'PATH',
        'FARHAND_JOB_ID',
        'FARHAND_ATTEMPT_ID',
        'FARHAND_ATTEMPT',
        'FARHAND_PARAMETERS',
        'FARHAND_OUTPUTS',
        'FARHAND_PROGRESS',
      ]),
    );
  });
});
