import { createHash } from 'node:crypto';
import { mask } from '../../agent/masking/mask.ts';
import type { AttemptRecord, JobRecord } from '../../hub/store/records.ts';
import type { Store } from '../../hub/store/store.ts';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import { isFinal } from '../../protocol/job-state.ts';
import { limitBytes } from './automations.ts';
import type { RunTruth } from './run-truth.ts';
import type { Fault, PlannedJob, Side } from './schedule.ts';
import type { AcceptedJob } from './simulated-client.ts';
import type { World } from './world.ts';

/** Knows what really ran, and holds what the hub says against it. */
export class Oracle {
  readonly #world: World;
  readonly #store: Store;

  constructor(world: World) {
    this.#world = world;
    this.#store = world.hub.openAside();
  }

  /** Everybody who was told that a job is accepted can be told its end, and no agent holds anything for it. */
  async isQuiet(): Promise<boolean> {
    if (this.#world.hub.core === null || this.#world.agents.some(({ agent }) => agent === null)) return false;
    for (const accepted of this.#world.client.accepted.values()) {
      const job = await this.#job(accepted);
      if (job !== null && !isSettled(job)) return false;
    }
    if (this.#world.client.accepted.size < this.#world.schedule.jobs.length) return false;
    return (await this.#leftFolders()).length === 0;
  }

  async check(): Promise<void> {
    const { accepted } = this.#world.client;
    for (const planned of this.#world.schedule.jobs)
      if (!accepted.has(planned.name)) this.#violates(`${planned.name} was never accepted`);
    for (const one of accepted.values()) await this.#checkJob(one);
    for (const folder of await this.#leftFolders()) this.#violates(`a folder is left: ${folder}`);
    this.#checkSecrets();
    for (const runs of Map.groupBy(this.#world.runs, (run) => run.attempt).values())
      if (runs.length > 1) this.#violates(`attempt ${runs[0]?.attempt} ran ${runs.length} times`);
  }

  #violates(violation: string): void {
    this.#world.violates(violation);
  }

  #had(type: Fault['type'], also: (fault: Fault) => boolean = () => true): boolean {
    return this.#world.schedule.faults.some((fault) => fault.type === type && also(fault));
  }

  #job({ id, planned }: AcceptedJob): Promise<JobRecord | null> {
    return this.#store.queries.job(planned.account, id);
  }

  /** A hub whose store was restored may not know an attempt: its folder stays. */
  async #leftFolders(): Promise<readonly string[]> {
    const left: string[] = [];
    for (const agent of this.#world.agents) {
      for (const name of agent.folders()) {
        const isUnknown = this.#world.isRestored && (await this.#store.queries.attempt(name)) === null;
        if (!isUnknown) left.push(`${agent.name} ${name} ${this.#stateOf(agent.name, name)}`);
      }
    }
    return left;
  }

  #stateOf(agentName: string, attempt: string): string {
    const agent = this.#world.agents.find(({ name }) => name === agentName);
    return agent?.agent?.status().attempts.find(({ id }) => id === attempt)?.state ?? '';
  }

  async #checkJob(accepted: AcceptedJob): Promise<void> {
    const { planned, id } = accepted;
    const job = await this.#job(accepted);
    if (job === null) {
      if (!this.#world.isRestored) this.#violates(`${planned.name} was accepted and is forgotten`);
      return;
    }
    if (!isSettled(job)) this.#violates(`${planned.name} has no end: ${job.state} ${job.cause}`);
    const attempts = await this.#store.queries.attempts(planned.account, id);
    const runs = this.#world.runs.filter((run) => run.job === id);
    const allowed = 1 + (planned.automation === 'safe' ? planned.retryLimit : 0);
    const counted = runs.filter((run) => !this.#world.isTrustedAnew(run));
    if (counted.length > allowed) this.#violates(`${planned.name} ran ${counted.length} times, ${allowed} allowed`);
    const last = runs.find((run) => run.attempt === job.attemptId) ?? null;
    this.#checkStarted(planned.name, job, { runs, last, attempts });
    this.#checkEnd(accepted, job, attempts.find((attempt) => attempt.id === job.attemptId) ?? null);
    for (const attempt of attempts) await this.#checkAttempt(accepted, attempt);
    await this.#checkAudit(accepted, job);
  }

  #checkStarted(
    name: string,
    job: JobRecord,
    { runs, last, attempts }: { runs: readonly RunTruth[]; last: RunTruth | null; attempts: readonly AttemptRecord[] },
  ): void {
    if (job.started === false && last !== null) this.#violates(`${name} ran and is said not to have started`);
    if (job.started === true && runs.length === 0 && !attempts.some(({ id }) => this.#wasFenced(id)))
      this.#violates(`${name} never ran and is said to have started`);
  }

  /** What is told of the job against what is told of its attempt: where it is not the attempt's end, the hub had to end it. */
  #checkEnd({ planned, cancelAskedAtMs }: AcceptedJob, job: JobRecord, attempt: AttemptRecord | null): void {
    const lie = (why: string) =>
      this.#violates(`${planned.name} is said to be ${job.state} (${job.cause}, exit ${job.exitCode}), but ${why}`);
    if (job.state === 'cancelled' && cancelAskedAtMs === null && !this.#world.isRestored)
      lie('nobody asked for a cancel');
    const result = attempt?.state === 'ended' ? attempt.result : null;
    if (result !== null && result.cause === job.cause) {
      const isSame =
        result.outcome === job.state || (job.cause === 'start-failed' && result.outcome === 'never-started');
      if (!isSame && job.state !== 'lost') lie(`its attempt is said to be ${result.outcome}`);
      return;
    }
    switch (job.cause) {
      case 'cancelled':
        return;
      case 'expired':
        if (planned.expiresInSeconds === null) lie('it was not to expire');
        return;
      case 'state-lost':
        if (!this.#had('lose-disk') && !this.#world.isRestored) lie('its folder was never lost');
        return;
      default:
        lie(`its attempt is said to be ${result?.outcome} (${result?.cause})`);
    }
  }

  /** A result against what really ran. */
  #checkResult(planned: PlannedJob, result: AttemptResult, run: RunTruth | null): void {
    const told = `${planned.name} is said to be ${result.outcome} (${result.cause}, exit ${result.exitCode})`;
    const lie = (why: string) => this.#violates(`${told}, but ${why}`);
    const really = run === null ? 'it never ran' : `it really ended with ${JSON.stringify(run.end)}`;
    if (run !== null && run.end === null) lie('it still runs');
    switch (result.cause) {
      case 'exit-code':
      case 'signal':
        if (!this.#isExit(run, result)) lie(really);
        if ((result.outcome === 'succeeded') !== (result.exitCode === 0)) lie('that is no success, or one');
        return;
      case 'cancelled':
        if (wasOverBeforeIntent(run)) lie(really);
        return;
      case 'timeout':
        if (planned.timeoutSeconds === null) lie('it had all the time');
        if (wasOverBeforeIntent(run)) lie(really);
        return;
      case 'log-limit':
        if (planned.automation !== 'limited' || (run?.output.length ?? 0) <= limitBytes)
          lie('its log was short enough');
        return;
      case 'spool-full':
        if (!this.#hadFullDisk()) lie('its disk was never full');
        return;
      case 'process-lost':
        if (this.#hadPowerLoss('agent')) return;
        if (wasRecorded(run) || (run?.end?.type === 'exit' && !this.#had('kill-job'))) lie(really);
        return;
      case 'start-failed':
        if (run !== null) lie(really);
        return;
      default:
        lie('that is no end');
    }
  }

  /** A wrapper that swallowed a TERM before its command began tells of a signal, though nothing ran. */
  #isExit(run: RunTruth | null, { exitCode }: AttemptResult): boolean {
    if (run === null) return exitCode === 143;
    return run.end?.type === 'exit' && run.end.status === exitCode;
  }

  #hadPowerLoss(who: Side | null): boolean {
    return this.#had(
      'crash',
      (fault) => fault.type === 'crash' && fault.how === 'power' && (who ?? fault.who) === fault.who,
    );
  }

  #wasFenced(attempt: string): boolean {
    return this.#world.agents.some(({ machine }) => machine.fenced.has(attempt));
  }

  #hadFullDisk(): boolean {
    return (
      this.#had('disk-full') ||
      this.#had('disk-error', (fault) => fault.type === 'disk-error' && fault.code === 'ENOSPC')
    );
  }

  async #checkAttempt({ planned }: AcceptedJob, attempt: AttemptRecord): Promise<void> {
    if (attempt.state !== 'ended' || attempt.result === null || attempt.log === null) return;
    const run = this.#world.runs.find((one) => one.attempt === attempt.id) ?? null;
    const secrets = planned.secret === null ? {} : { token: planned.secret };
    const expected = Buffer.from(mask(run?.output ?? Buffer.alloc(0), secrets));
    const file = this.#world.hub.logs.files.get(attempt.id);
    const stored = file?.bytes.subarray(0, file.flushedBytes) ?? Buffer.alloc(0);
    const name = `the log of ${planned.name}, attempt ${attempt.number}`;
    this.#checkResult(planned, attempt.result, run);
    if (attempt.result.started === false && run !== null)
      this.#violates(`${name}: it ran, and its result says it did not`);
    if (attempt.result.started === true && !this.#wasFenced(attempt.id))
      this.#violates(`${name}: it did not run, and its result says it did`);
    if (attempt.log.complete === true) {
      if (!stored.equals(expected))
        this.#violates(
          `${name} is called complete: ${stored.length} bytes, ${expected.length} were printed${describeDifference(stored, expected)}`,
        );
      if (attempt.log.sha256 !== createHash('sha256').update(expected).digest('hex'))
        this.#violates(`${name} is called complete, and its digest is not that of what was printed`);
      return;
    }
    if (attempt.log.gaps.length === 0) this.#violates(`${name} is not complete, and no gap says why`);
    if (!this.#mayHaveGaps()) this.#violates(`${name} has gaps for no reason: ${JSON.stringify(attempt.log.gaps)}`);
  }

  #mayHaveGaps(): boolean {
    return (
      this.#hadFullDisk() ||
      this.#world.isRestored ||
      this.#had('crash', (fault) => fault.type === 'crash' && fault.how === 'power')
    );
  }

  async #checkAudit({ planned, id }: AcceptedJob, job: JobRecord): Promise<void> {
    if (this.#world.isRestored) return;
    const events = await this.#store.queries.auditOf(planned.account, `job:${id}`, 0, 1000);
    const ends = events.filter(({ action }) => isFinal(action.replace('job.', '') as JobRecord['state']));
    const corrected = events.filter(({ action }) => action === 'job.corrected').length;
    const told = `the audit of ${planned.name} tells of ${ends.map(({ action }) => action).join(', ')}; its state is ${job.state}`;
    if (corrected === 0 ? ends.length !== 1 : ends.length > 1) this.#violates(told);
    if (ends.length > 0 && ends[0]?.action !== (corrected === 0 ? `job.${job.state}` : 'job.lost'))
      this.#violates(told);
    if (!events.some(({ action, actor }) => action === 'job.queued' && actor === 'client'))
      this.#violates(`the audit of ${planned.name} does not tell who submitted it`);
  }

  #checkSecrets(): void {
    for (const { secret, name } of this.#world.schedule.jobs) {
      if (secret === null) continue;
      for (const [attempt, { bytes }] of this.#world.hub.logs.files)
        if (bytes.includes(secret)) this.#violates(`the secret of ${name} stands in the log of attempt ${attempt}`);
    }
  }
}

/** Nothing changes it any more. */
function isSettled(job: JobRecord): boolean {
  return isFinal(job.state) && !(job.state === 'lost' && job.cause === 'agent-lost');
}

function wasRecorded(run: RunTruth | null): boolean {
  return run !== null && run.recordMarked !== null;
}

function wasOverBeforeIntent(run: RunTruth | null): boolean {
  return run?.end?.type === 'exit' && run.recordMarked === false;
}

function describeDifference(stored: Buffer, expected: Buffer): string {
  const at = stored.findIndex((byte, index) => byte !== expected[index]);
  return at === -1 ? '' : `, they differ at ${at}`;
}
