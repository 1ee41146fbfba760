import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../../../protocol/job.ts';
import type { FaultAgent, FaultPlace } from '../../support/fault-place.ts';
import { isEnded } from '../../support/hub-api.ts';
import { findJobProcesses } from '../../support/job-processes.ts';
import { describeEnd } from '../../support/ledger.ts';
import { until } from '../../support/until.ts';
import { type Audit, readAudit } from './audit.ts';
import type { Excuses } from './excuses.ts';
import type { JobKind } from './job-kinds.ts';

interface Given {
  readonly accepted: ReadonlyMap<string, JobKind>;
  readonly excuses: Excuses;
  readonly agents: readonly FaultAgent[];
  readonly say: (line: string) => void;
  /** How long one job may take to its end, from when everything is whole. */
  readonly endMs?: number;
}

/** Long enough for the longest job, tried again after the longest strike. */
const longestMs = 180_000;
/** Of what is found, so much is told. */
const maxTold = 20;

/**
 * To be called when everything is whole again: every accepted job must come to an end that is true of it, with the log that it wrote,
 * and nothing of any may be left. Answers how many had been called lost and were corrected.
 */
export async function checkEverything(
  place: FaultPlace,
  { accepted, excuses, agents, say, endMs = longestMs }: Given,
): Promise<number> {
  const ends = new Map<Job, JobKind>();
  for (const [id, kind] of accepted) ends.set(await awaitEnd(place, id, { agents, endMs }), kind);
  say(`all ${ends.size} jobs have ended`);
  for (const agent of agents) {
    await until(`${agent.name} to hold nothing`, () => agent.attempts().length === 0, endMs);
  }
  await until('no process of any job to be left', () => findJobProcesses(place.mark).length === 0);
  const untrue: Error[] = [];
  const hold = async (check: () => void | Promise<void>) => {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof assert.AssertionError)) throw error;
      untrue.push(error);
    }
  };
  for (const [job, kind] of ends) {
    const { terms = {} } = kind;
    const gaps = terms.gaps === true || excuses.mayHaveGaps(job);
    await hold(() => place.ledger.check(job, place.api, { ...terms, gaps, childKilled: excuses.wasStruck(job) }));
    if (kind.outputs !== undefined && job.state === 'succeeded')
      await hold(() => assert.deepEqual(job.outputs, kind.outputs, JSON.stringify(job)));
  }
  await hold(() => checkHooks(place));

  await place.hub.kill();
  const audit = readAudit(place.hubData);
  for (const [job, kind] of ends) {
    await hold(() => audit.check(job.id));
    await hold(() => checkEnd(job, kind, { excuses, audit }));
  }
  // All of them, for the next run takes as long again.
  if (untrue.length > 0) throw new AggregateError(untrue.slice(0, maxTold), `${untrue.length} things are not true`);
  return [...ends.keys()].filter(({ id }) => audit.wasCorrected(id)).length;
}

async function awaitEnd(
  { api }: FaultPlace,
  id: string,
  { agents, endMs }: { readonly agents: readonly FaultAgent[]; readonly endMs: number },
): Promise<Job> {
  let seen: Job | null = null;
  try {
    return await until(
      `job ${id} to end`,
      async () => {
        // What a service manager does for a process that ended by itself, for example because its disk was full when it started.
        for (const agent of agents) if (!agent.isUp) agent.launch();
        seen = await api.job(id);
        return isEnded(seen) && seen.cause !== 'agent-lost' ? seen : null;
      },
      endMs,
    );
  } catch (cause) {
    throw new Error(`it is ${JSON.stringify(seen)}`, { cause });
  }
}

function checkEnd(
  job: Job,
  { ends, lateEnds = [] }: JobKind,
  { excuses, audit }: { readonly excuses: Excuses; readonly audit: Audit },
): void {
  const end = describeEnd(job);
  const late = audit.wasCorrected(job.id) ? lateEnds : [];
  const expected = [...ends, ...late, ...excuses.endsOf(job)];
  assert.ok(expected.includes(end), `expected ${expected.join(' or ')}, got ${end}: ${JSON.stringify(job)}`);
}

/** Each hook of an attempt at most once. */
async function checkHooks({ folder }: FaultPlace): Promise<void> {
  const lines = (await readFile(join(folder, 'hooks'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
  const twice = lines.filter((line, index) => lines.indexOf(line) !== index);
  assert.deepEqual(twice, [], 'hooks that ran twice');
}
