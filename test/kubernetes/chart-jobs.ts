import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import type { ChartSite } from './chart-site.ts';

/** As much of a job as the tests of the charts look at, and all of it in words when they fail. */
export type SeenJob = Readonly<Record<string, unknown>>;

const ended = ['succeeded', 'failed', 'cancelled', 'timed-out', 'lost'];

/** Jobs of a hub in a cluster, as somebody outside sees them. `count` is an automation that prints a line a second. */
export interface ChartJobs {
  readonly submit: (automation: string, parameters: readonly string[], selector: string) => Promise<string>;
  readonly reaches: (id: string, states: readonly string[]) => Promise<SeenJob>;
  readonly ends: (id: string) => Promise<SeenJob>;
  /** It succeeded by its first attempt, and its log has every line once. */
  readonly succeedsWhole: (id: string, seconds: number) => Promise<SeenJob>;
  /** The same of one that was held. */
  readonly succeedsHeld: (id: string, ledger: string) => Promise<SeenJob>;
}

export function linesTo(last: number): string {
  return Array.from({ length: last }, (_, i) => `line ${i + 1}\n`).join('');
}

/** Prints a line a second. `ledger`: where it says that it was started. */
export function toCount(ledger: string): string {
  return [
    'script: |',
    `  echo "$FARHAND_JOB_ID" >> ${ledger}`,
    '  i=0',
    '  while [ $i -lt "$FARHAND_PARAM_SECONDS" ]; do i=$((i + 1)); echo "line $i"; sleep 1; done',
    'parameters: {type: object, properties: {seconds: {type: integer}}, required: [seconds]}',
    '',
  ].join('\n');
}

export function createChartJobs(site: () => ChartSite): ChartJobs {
  async function jobOf(id: string): Promise<SeenJob> {
    const { stdout, stderr } = await site().client('jobs', id, '--json');
    assert.notEqual(stdout, '', stderr);
    return JSON.parse(stdout);
  }

  const jobs: ChartJobs = {
    async submit(automation, parameters, selector) {
      const given = parameters.flatMap((parameter) => ['--parameter', parameter]);
      const asked = ['run', automation, ...given, '--selector', selector, '--detach'];
      const { stdout, stderr } = await site().client(...asked);
      const id = /[0-9a-f-]{36}/.exec(stdout + stderr)?.[0];
      assert.ok(id !== undefined, stderr);
      return id;
    },
    reaches: (id, states) =>
      until(
        `${id} to be ${states.join(' or ')}`,
        async () => {
          const job = await jobOf(id).catch(() => null);
          return job !== null && states.includes(String(job['state'])) ? job : null;
        },
        300_000,
      ),
    ends: (id) => jobs.reaches(id, ended),
    async succeedsWhole(id, seconds) {
      const job = await jobs.ends(id);
      assert.equal(job['state'], 'succeeded', JSON.stringify(job));
      assert.equal((await site().client('logs', id)).stdout, linesTo(seconds));
      assert.partialDeepStrictEqual(job, { attempt: 1, log: { complete: true, gaps: [] } });
      return job;
    },
    async succeedsHeld(id, ledger) {
      await writeFile(join(ledger, id), '');
      const job = await jobs.ends(id);
      assert.equal(job['state'], 'succeeded', JSON.stringify(job));
      const text = (await site().client('logs', id)).stdout;
      assert.equal(text, `${linesTo(text.split('\n').length - 2)}end\n`);
      assert.partialDeepStrictEqual(job, { attempt: 1, log: { complete: true, gaps: [] } });
      return job;
    },
  };
  return jobs;
}

/** The same, until somebody on the node says that it is enough, in the folder where it says that it was started. */
export function toHeld(folder: string): string {
  return [
    'script: |',
    `  echo "$FARHAND_JOB_ID" >> ${folder}/starts`,
    '  i=0',
    `  while [ ! -e "${folder}/$FARHAND_JOB_ID" ]; do i=$((i + 1)); echo "line $i"; sleep 1; done`,
    '  echo end',
    '',
  ].join('\n');
}

/** The ledger that pods write on the node, an entry a start. */
export async function readLedger(folder: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, 'starts'), 'utf8');
  return text.trim().split('\n');
}
