import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Job } from '../../protocol/job.ts';
import { createPlace, farhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks();

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const trace = { TRACEPARENT: `00-${traceId}-00f067aa0ba902b7-01`, TRACESTATE: 'congo=t61' };

/** Says where in a trace it is, and what it is for farhand, then fails. */
const tell = `kind: script
script: |
  echo "$TRACEPARENT \${TRACESTATE:-} $FARHAND_ATTEMPT $FARHAND_ATTEMPT_ID"
  exit 3
retrySafe: true
`;

function toSpan(attempt: string): string {
  return attempt.replaceAll('-', '').slice(-16);
}

interface LogLine {
  readonly message: string;
  readonly job?: string;
  readonly attempt?: string;
  readonly traceId?: string;
}

/** Lines of a process that are about this job or one of its attempts. */
function linesOf(stderr: string, ids: readonly string[]): readonly LogLine[] {
  const lines = stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): LogLine => JSON.parse(line));
  return lines.filter((line) => ids.includes(line.job ?? '') || ids.includes(line.attempt ?? ''));
}

it('the trace that a pipeline is in reaches the programs of every try, and the logs of hub and agent', async () => {
  await using place = await createPlace();
  const automations = join(place.folder, 'automations');
  await mkdir(automations);
  await writeFile(join(automations, 'tell.yaml'), tell);
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  await using agent = await place.agent(address, client, { FARHAND_AUTOMATIONS: automations });

  const args = ['run', 'tell', '--queue-unknown', '--retry', '1', '--retry-on', 'exit-code'];
  const run = await farhand(args, { environment: { ...client, ...trace } });
  const jobs = await farhand(['jobs', '--json'], { environment: client });
  const [job] = JSON.parse(jobs.stdout) as Job[];
  assert.ok(job !== undefined, run.stderr);
  const attempts = await fetch(`${address}/api/v1/jobs/${job.id}/attempts`, {
    headers: { authorization: `Bearer ${client['FARHAND_TOKEN']}` },
  });
  const { items } = (await attempts.json()) as { items: { id: string; number: number }[] };
  const logs = await Promise.all(
    items.map(async ({ number }) => {
      const log = await fetch(`${address}/api/v1/jobs/${job.id}/attempts/${number}/log`, {
        headers: { authorization: `Bearer ${client['FARHAND_TOKEN']}` },
      });
      return log.text();
    }),
  );
  agent.kill('SIGTERM');
  hub.kill('SIGTERM');
  const said = await Promise.all([agent.ended, hub.ended]);

  assert.deepEqual([job.traceId, job.state, items.length], [traceId, 'failed', 2]);
  for (const { id, number } of items) {
    assert.ok(logs.includes(`00-${traceId}-${toSpan(id)}-01 congo=t61 ${number} ${id}\n`), logs.join(''));
  }
  const ids = [job.id, ...items.map(({ id }) => id)];
  for (const { stderr } of said) {
    const lines = linesOf(stderr, ids);
    assert.ok(lines.length > 0, stderr);
    for (const line of lines) assert.deepEqual([line.job, line.traceId], [job.id, traceId], JSON.stringify(line));
  }
  assert.ok(linesOf(said[1].stderr, ids).some(({ message }) => message === 'job ended'));
});

it('farhand exec hands on the trace that it is called in, and begins one where there is none', async () => {
  await using place = await createPlace();
  await mkdir(join(place.folder, 'automations'));
  await writeFile(join(place.folder, 'automations/tell.yaml'), tell);
  await writeFile(join(place.folder, 'job.json'), '{"automation": "tell"}');
  const exec = (environment: Record<string, string>) =>
    farhand(['exec', 'job.json'], { folder: place.folder, environment });

  const handed = await exec(trace);
  const begun = await exec({ TRACEPARENT: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, TRACESTATE: 'congo=t61' });

  const said = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01 (\S*) ?1 (\S+)\n/;
  const [, handedTrace, handedSpan, handedState, handedAttempt] = said.exec(handed.stderr) ?? [];
  assert.deepEqual([handedTrace, handedState], [traceId, 'congo=t61'], handed.stderr);
  assert.equal(handedSpan, toSpan(handedAttempt ?? ''));
  assert.equal((JSON.parse(handed.stdout) as Job).traceId, traceId);
  const [, begunTrace, , begunState] = said.exec(begun.stderr) ?? [];
  assert.equal((JSON.parse(begun.stdout) as Job).traceId, begunTrace, begun.stderr);
  assert.equal(begunState, '');
  assert.doesNotMatch(begunTrace ?? '', /^0+$/);
});
