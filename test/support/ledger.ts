import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../../protocol/job.ts';
import type { HubApi } from './hub-api.ts';

/** What the jobs of a place wrote down themselves, where nothing of farhand has a hand in it. */
export interface Ledger {
  /** How often this job started. */
  starts(job: string): Promise<number>;
  /** What this job said. */
  said(job: string): Promise<Buffer>;
  /**
   * Holds what the hub tells of an ended job against it: started no more than once and as it says; the log has its own digest, and every
   * byte that the job wrote down; `said` says it of a job that does not write down what it prints. A job that was stopped may have printed
   * a line that it could not write down any more.
   */
  check(job: Job, api: HubApi, said?: string): Promise<void>;
}

export function createLedger(folder: string): Ledger {
  async function read(name: string): Promise<Buffer> {
    try {
      return await readFile(join(folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    }
  }

  const ledger: Ledger = {
    async starts(job) {
      const lines = (await read('ledger')).toString('utf8').split('\n');
      return lines.filter((line) => line.startsWith(`${job} `)).length;
    },
    said: (job) => read(join('said', job)),
    async check(job, api, told) {
      const about = `job ${job.id} (${job.state}, ${job.cause})`;
      const [starts, log] = await Promise.all([ledger.starts(job.id), api.log(job.id)]);
      const said = told === undefined ? await ledger.said(job.id) : Buffer.from(told);
      assert.ok(starts <= 1, `${about}: expected at most one start, the ledger has ${starts}`);
      if (job.started === false) assert.equal(starts, 0, `${about}: said to have never started`);
      if (job.exitCode === 0) assert.equal(starts, 1, `${about}: expected to be in the ledger`);
      if (job.log === null) {
        assert.deepEqual([starts, log.length], [0, 0], `${about}: said to have no log`);
        return;
      }
      const sha256 = createHash('sha256').update(log).digest('hex');
      assert.deepEqual([job.log.bytes, job.log.sha256], [log.length, sha256], `${about}: length and digest of its log`);
      assert.equal(job.log.complete, true, `${about}: log said to be incomplete`);
      const whole = job.cause === 'exit-code';
      assert.ok(log.length >= said.length, `${about}: expected ${said.length} bytes of log, got ${log.length}`);
      assert.ok(log.subarray(0, said.length).equals(said), `${about}: its log is not what it said`);
      if (whole) assert.equal(log.length, said.length, `${about}: more in its log than it said`);
    },
  };
  return ledger;
}
