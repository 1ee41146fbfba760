import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attempt } from '../../protocol/attempt.ts';
import type { Job } from '../../protocol/job.ts';
import { explainLog } from './explain-log.ts';
import type { HubApi } from './hub-api.ts';

export interface LedgerTerms {
  /** What a job printed that does not write it down. */
  readonly told?: string;
  /** What it may have printed by then where it did not come to its end. */
  readonly toldSoFar?: readonly string[];
  /** How many starts are in order: more than one only where the automation says that it may be tried again. */
  readonly tries?: number;
  /** Bytes of the log may be missing, as long as it is said how many, or that nobody knows. */
  readonly gaps?: boolean;
  /** A child of its shell may have been killed: the shell tells that in a line of its own. */
  readonly childKilled?: boolean;
}

/** What was checked so far, and found true. */
export interface LedgerFigures {
  readonly jobs: number;
  readonly starts: number;
  /** Of logs, compared one by one. */
  readonly bytes: number;
  readonly ends: Readonly<Record<string, number>>;
}

/** What the jobs of a place wrote down themselves, where nothing of farhand has a hand in it. */
export interface Ledger {
  readonly figures: LedgerFigures;
  /** How often this job started. */
  starts(job: string): Promise<number>;
  /** What this job said, of all its tries one after another. */
  said(job: string): Promise<Buffer>;
  /**
   * Holds what the hub tells of an ended job against it: started no more often than it may, each try at most once, and as it says; each
   * try's log has its own digest, and every byte that the job wrote down. A job that was stopped may have printed a line that it could not
   * write down any more.
   */
  check(job: Job, api: HubApi, terms?: LedgerTerms): Promise<void>;
}

/** `succeeded exit-code 0` */
export function describeEnd({ state, cause, exitCode }: Job): string {
  return [state, cause, ...(cause === 'exit-code' ? [exitCode] : [])].join(' ');
}

export function createLedger(folder: string): Ledger {
  const figures = { jobs: 0, starts: 0, bytes: 0, ends: {} as Record<string, number> };

  async function read(name: string): Promise<Buffer> {
    try {
      return await readFile(join(folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    }
  }

  /** The attempts that this job started in, in that order. */
  async function attemptsOf(job: string): Promise<readonly string[]> {
    const lines = (await read('ledger')).toString('utf8').split('\n');
    return lines.filter((line) => line.startsWith(`${job} `)).map((line) => line.slice(job.length + 1));
  }

  const ledger: Ledger = {
    figures,
    starts: async (job) => (await attemptsOf(job)).length,
    async said(job) {
      const attempts = [...new Set(await attemptsOf(job))];
      return Buffer.concat(await Promise.all(attempts.map((attempt) => read(join('said', attempt)))));
    },
    async check(job, api, terms = {}) {
      const about = `job ${job.id} (${job.state}, ${job.cause})`;
      const [started, tries] = await Promise.all([attemptsOf(job.id), api.attempts(job.id)]);
      assert.equal(new Set(started).size, started.length, `${about}: a try started twice`);
      const most = terms.tries ?? 1;
      assert.ok(started.length <= most, `${about}: expected at most ${most} starts, the ledger has ${started.length}`);
      if (job.started === false) assert.equal(started.length, 0, `${about}: said to have never started`);
      if (job.exitCode === 0) assert.ok(started.length > 0, `${about}: expected to be in the ledger`);
      for (const attempt of started)
        assert.ok(
          tries.some(({ id }) => id === attempt),
          `${about}: ran as ${attempt}, which the hub does not know`,
        );
      const speaker = tries.find(({ number }) => number === job.attempt);
      if (job.log === null) assert.equal(started.length, 0, `${about}: said to have no log`);
      else assert.deepEqual(speaker?.log, job.log, `${about}: log of its try`);
      for (const attempt of tries) {
        if (attempt.log === null || attempt.log.sha256 === null) continue;
        const log = await api.attemptLog(job.id, attempt.number);
        const told = terms.told === undefined ? null : chooseTold(attempt, log, { ...terms, told: terms.told });
        const said = told ?? (await read(join('said', attempt.id)));
        checkLog(about, attempt, { log, said, gaps: terms.gaps ?? false, childKilled: terms.childKilled ?? false });
        figures.bytes += log.length;
      }
      figures.jobs += 1;
      figures.starts += started.length;
      figures.ends[describeEnd(job)] = (figures.ends[describeEnd(job)] ?? 0) + 1;
    },
  };
  return ledger;
}

/** One that was ended before its time has printed a beginning of it, and nothing more. */
function chooseTold(
  { cause, log: told }: Attempt,
  log: Buffer,
  terms: LedgerTerms & { readonly told: string },
): Buffer {
  const soFar = cause === 'exit-code' ? [] : (terms.toldSoFar ?? []).map((text) => Buffer.from(text));
  const fits = (text: Buffer) => text.length >= log.length && explainLog(log, text, told?.gaps ?? []) === null;
  return soFar.find(fits) ?? Buffer.from(terms.told);
}

function checkLog(
  about: string,
  { number, cause, started, log: told }: Attempt,
  {
    log: stored,
    said,
    gaps,
    childKilled,
  }: { readonly log: Buffer; readonly said: Buffer; readonly gaps: boolean; readonly childKilled: boolean },
): void {
  const whose = `${about}: log of try ${number}`;
  const sha256 = createHash('sha256').update(stored).digest('hex');
  assert.deepEqual([told?.bytes, told?.sha256], [stored.length, sha256], `${whose}: length and digest`);
  const log = childKilled ? withoutObituary(stored, said) : stored;
  if (started === false) return assert.equal(log.length, 0, `${whose}: it never started`);
  const missing = (told?.gaps ?? []).map(({ bytes }) => bytes);
  assert.equal(told?.complete, missing.length === 0, `${whose}: complete or with a gap`);
  assert.ok(gaps || missing.length === 0, `${whose}: said to be incomplete: ${JSON.stringify(told)}`);
  // Whoever came to its end has written down all that it printed.
  const mayEndLater = cause !== 'exit-code' || childKilled;
  const why = explainLog(log, said, told?.gaps ?? [], { mayEndLater });
  assert.equal(why, null, `${whose} (${log.length} bytes, ${said.length} said, ${JSON.stringify(told?.gaps)}): ${why}`);
  if (cause !== 'exit-code' || missing.some((bytes) => bytes === null)) return;
  const all = missing.reduce<number>((sum, bytes) => sum + (bytes ?? 0), log.length);
  assert.equal(all, said.length, `${whose}: what is there and what is said to be missing, against what it said`);
}

const obituary = Buffer.from('Killed\n');

/** The log without the first word of a shell about a child of its that was killed, unless the job said that too. */
function withoutObituary(log: Buffer, said: Buffer): Buffer {
  const at = log.indexOf(obituary);
  return at < 0 || said.includes(obituary)
    ? log
    : Buffer.concat([log.subarray(0, at), log.subarray(at + obituary.length)]);
}
