import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { startApi } from '../hub/api/api-harness.ts';
import { enrolAgent, startAttempt } from '../hub/api/job-run.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks();

const root = join(import.meta.dirname, '../..');

describe('docs/guides/client.md', () => {
  it('has an example that does what it says', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const page = await readFile(join(root, 'docs/guides/client.md'), 'utf8');
    const source = /```ts\n(.*?)```/s.exec(page)?.[1] ?? '';
    // In the checkout: `farhand/client` is found from there.
    const folder = await mkdtemp(join(root, 'test/client/guide-'));
    const file = join(folder, 'example.ts');
    await writeFile(file, source.replace('http://127.0.0.1:7400', api.url));

    const run = promisify(execFile)(process.execPath, [file], {
      env: { ...process.env, FARHAND_TOKEN: api.tokens.operator },
    });
    try {
      let id: string | undefined;
      while (id === undefined) id = (await api.call('/api/v1/jobs?state=queued')).json.items[0]?.id;
      const attempt = await startAttempt(api, id, agent);
      await attempt.write('hello ada\n');
      await attempt.end();
      const { stdout } = await run;

      assert.equal(stdout, `hello ada\nsucceeded 0\n${id} succeeded\n`);
    } finally {
      await run.catch(() => {});
      await rm(folder, { recursive: true });
    }
  });
});
