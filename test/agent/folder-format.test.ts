import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AgentError } from '../../agent/agent-error.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createAgentPlace } from './agent-place.ts';

checkLeaks();

for (const [what, mark, said] of [
  [
    'that a later version took further',
    '{"format":2,"ofTomorrow":true}',
    /has format 2, and this farhand knows 1: run the newer farhand/,
  ],
  ['whose mark cannot be read', 'two', /does not say which format/],
] as const) {
  test(`An agent refuses a data folder ${what}, and leaves it as it is`, async () => {
    await using place = await createAgentPlace();
    const first = await place.start();
    await first[Symbol.asyncDispose]();
    writeFileSync(join(place.data, 'format.json'), mark);
    const before = readdirSync(place.data);

    const agent = await place.create();

    await assert.rejects(
      agent.ready,
      (error: unknown) => error instanceof AgentError && error.code === 'data-folder' && said.test(error.message),
    );
    assert.deepEqual(readdirSync(place.data), before);
  });
}
