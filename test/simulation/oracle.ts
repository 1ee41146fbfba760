import { defaultAgentLimits } from '../../agent/agent-options.ts';
import type { AttemptRecord, JobRecord } from '../../hub/store/records.ts';
import type { Store } from '../../hub/store/store.ts';
import { isFinal } from '../../protocol/job-state.ts';
import { automationTerms } from './automations.ts';
import { Evidence } from './evidence.ts';
import { judgeHooks, judgeOrder } from './judge-hooks.ts';
import { judgeLog } from './judge-log.ts';
import { judgeResult } from './judge-result.ts';
import { judgeTakenBack } from './judge-taken-back.ts';
import type { RunTruth } from './run-truth.ts';
import type { AcceptedJob } from './simulated-client.ts';
import type { World } from './world.ts';

/** Knows what really ran, and holds what the hub says against it. */
export class Oracle {
  readonly #world: World;
  readonly #store: Store;
  readonly #evidence: Evidence;

  constructor(world: World) {
    this.#world = world;
    this.#store = world.hub.openAside();
    this.#evidence = new Evidence(world);
  }

  /** Everybody who was told that a job is accepted can be told its end, and no agent holds anything for it. */
  async isQuiet(): Promise<boolean> {
    if (this.#world.hub.core === null || this.#world.agents.some(({ agent }) => agent === null)) return false;
    for (const accepted of this.#world.client.accepted.values()) {
      const job = await this.#job(accepted);
      if (job !== null && !isSettled(job)) return false;
    }
    if (this.#world.client.accepted.size < this.#world.schedule.jobs.length) return false;
    return this.#world.cluster.alive().length === 0 && (await this.#leftFolders()).length === 0;
  }

  async check(): Promise<void> {
    const { accepted } = this.#world.client;
    for (const planned of this.#world.schedule.jobs)
      if (!accepted.has(planned.name)) this.#violates(`${planned.name} was never accepted`);
    for (const one of accepted.values()) await this.#checkJob(one);
    for (const folder of await this.#leftFolders()) this.#violates(`a folder is left: ${folder}`);
    for (const { name } of this.#world.cluster.alive()) this.#violates(`a pod is left: ${name}`);
    this.#checkSecrets();
    for (const [attempt, runs] of Map.groupBy(this.#world.runs, (run) => run.attempt)) this.#checkRuns(attempt, runs);
  }

  #violates(violation: string): void {
    this.#world.violates(violation);
  }

  #job({ id, planned }: AcceptedJob): Promise<JobRecord | null> {
    return this.#store.queries.job(planned.account, id);
  }

  /** A hub whose store was restored may not know an attempt: its folder stays. */
  async #leftFolders(): Promise<readonly string[]> {
    const left: string[] = [];
    for (const agent of this.#world.agents) {
      for (const name of agent.folders()) {
        const isUnknown = this.#evidence.isRestored && (await this.#store.queries.attempt(name)) === null;
        if (!isUnknown) left.push(`${agent.name} ${name} ${this.#stateOf(agent.name, name)}`);
      }
    }
    return left;
  }

  #stateOf(agentName: string, attempt: string): string {
    const agent = this.#world.agents.find(({ name }) => name === agentName);
    return agent?.agent?.status().attempts.find(({ id }) => id === attempt)?.state ?? '';
  }

  /** Whatever is told of it: no attempt runs anything twice, and nothing before its time. */
  #checkRuns(attempt: string, runs: readonly RunTruth[]): void {
    const planned = this.#world.client.plans.get(runs[0]?.job ?? '');
    if (planned === undefined || this.#world.doubtful.has(attempt)) return;
    const isCopied = this.#world.copied.has(attempt);
    for (const [part, ofPart] of Map.groupBy(runs, (run) => run.part))
      if (ofPart.length > 1 && !(isCopied && part === 'after'))
        this.#violates(`the ${part} of attempt ${attempt} ran ${ofPart.length} times`);
    if (isCopied) return;
    const terms = automationTerms[planned.automation];
    const wasFenced = this.#evidence.wasFenced(attempt);
    for (const why of judgeOrder(this.#evidence.programsOf(attempt), { terms, wasFenced }))
      this.#violates(`attempt ${attempt} of ${planned.name}: ${why}`);
  }

  async #checkJob(accepted: AcceptedJob): Promise<void> {
    const { planned, id } = accepted;
    const runs = this.#world.runs.filter((run) => run.job === id && run.part === 'command');
    const allowed = 1 + (automationTerms[planned.automation].retrySafe ? planned.retryLimit : 0);
    const counted = runs.filter((run) => !this.#world.isTrustedAnew(run) && !this.#world.doubtful.has(run.attempt));
    if (counted.length > allowed) this.#violates(`${planned.name} ran ${counted.length} times, ${allowed} allowed`);
    for (const run of runs) this.#checkTime(accepted, run);
    const job = await this.#job(accepted);
    if (job === null) return this.#checkForgotten(accepted);
    if (!isSettled(job)) this.#violates(`${planned.name} has no end: ${job.state} ${job.cause}`);
    const attempts = await this.#store.queries.attempts(planned.account, id);
    const last = runs.find((run) => run.attempt === job.attemptId) ?? null;
    this.#checkStarted(planned.name, job, { runs, last, attempts });
    this.#checkEnd(accepted, job, attempts.find((attempt) => attempt.id === job.attemptId) ?? null);
    for (const attempt of attempts) this.#checkAttempt(accepted, attempt);
    await this.#checkAudit(accepted, job);
  }

  /** A job may be forgotten when it was over, and the hub was to keep no more of it. */
  #checkForgotten({ planned, id }: AcceptedJob): void {
    if (this.#evidence.isRestored) return;
    const last = this.#world.states.last(id);
    const { retention } = this.#world.schedule;
    if (retention === null || last === null) return this.#violates(`${planned.name} was accepted and is forgotten`);
    const isOver = isSettled(last) || (isFinal(last.state) && this.#evidence.isWindowShort);
    if (!isOver) this.#violates(`${planned.name} is forgotten while it is ${last.state} ${last.cause}`);
    if (retention.jobsForMs === null && retention.jobsPerAccount === null)
      this.#violates(`${planned.name} is forgotten though jobs are kept for ever`);
  }

  /** Somebody was there to stop it when its time was over, or came back to do so. */
  #checkTime({ planned }: AcceptedJob, { agent, startedAt, endedAt }: RunTruth): void {
    const evidence = this.#evidence;
    if (planned.timeoutSeconds === null) return;
    // Without a wrapper to ask, only the wall clock says how long it ran; and without its folder, or on a broken disk, it cannot be stopped in order.
    if (evidence.had('kill-job') || evidence.had('disk-full') || evidence.had('disk-error')) return;
    if (evidence.had('lose-disk') || evidence.hadCopy) return;
    const { termMs } = planned.script.command;
    const takesMs = Math.min(termMs ?? Number.POSITIVE_INFINITY, defaultAgentLimits.attempt.graceMs) + stopMs;
    const endsBy = evidence.mustEndBy(agent, { fromMs: startedAt + planned.timeoutSeconds * 1000, takesMs });
    const lateMs = (endedAt ?? this.#world.clock.monotonic()) - endsBy;
    if (lateMs > 0) this.#violates(`${planned.name} had ${planned.timeoutSeconds} s, and ran ${lateMs} ms too long`);
  }

  #checkStarted(
    name: string,
    job: JobRecord,
    { runs, last, attempts }: { runs: readonly RunTruth[]; last: RunTruth | null; attempts: readonly AttemptRecord[] },
  ): void {
    if (job.started === false && last !== null) this.#violates(`${name} ran and is said not to have started`);
    if (job.started === true && runs.length === 0 && !attempts.some(({ id }) => this.#evidence.wasFenced(id)))
      this.#violates(`${name} never ran and is said to have started`);
  }

  /** What is told of the job against what is told of its attempt: where it is not the attempt's end, the hub had to end it. */
  #checkEnd({ planned, cancelAskedAtMs }: AcceptedJob, job: JobRecord, attempt: AttemptRecord | null): void {
    const lie = (why: string) =>
      this.#violates(`${planned.name} is said to be ${job.state} (${job.cause}, exit ${job.exitCode}), but ${why}`);
    if (job.state === 'cancelled' && cancelAskedAtMs === null && !this.#evidence.isRestored)
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
        if (!this.#evidence.wasFolderLost(attempt?.folderId ?? null) && !this.#evidence.isRestored)
          lie('its folder was never lost');
        return;
      default:
        lie(`its attempt is said to be ${result?.outcome} (${result?.cause})`);
    }
  }

  #checkAttempt({ planned }: AcceptedJob, { id, number, state, handover, result, log }: AttemptRecord): void {
    if (state !== 'ended' || result === null || log === null || this.#world.doubtful.has(id)) return;
    const evidence = this.#evidence;
    const programs = evidence.programsOf(id);
    const terms = automationTerms[planned.automation];
    const name = `${planned.name}, attempt ${number}`;
    const told = `${name} is said to be ${result.outcome} (${result.cause}, exit ${result.exitCode}), but`;
    const isTakenBack = handover?.state === 'taken-back' && result.outcome !== 'never-started';
    const isGone = result.log.gaps.some(({ why }) => why === 'runner-gone');
    const judge = isTakenBack || isGone ? judgeTakenBack : judgeResult;
    const pods = evidence.podsOf(id);
    for (const why of judge({ planned, result, programs, pods, evidence })) this.#violates(`${told} ${why}`);
    if (!this.#world.copied.has(id))
      for (const why of judgeHooks(programs, { planned, result, evidence })) this.#violates(`${told} ${why}`);
    if (result.started === false && programs.command !== null)
      this.#violates(`${name}: it ran, and its result says it did not`);
    if (result.started === true && !evidence.wasFenced(id))
      this.#violates(`${name}: it did not run, and its result says it did`);
    const file = this.#world.hub.logs.files.get(id);
    const durable = file?.bytes.subarray(0, file.flushedBytes) ?? Buffer.alloc(0);
    const stored = log.removedAt === null ? durable : null;
    for (const why of judgeLog({ log, stored, secret: planned.secret, programs, terms, evidence }))
      this.#violates(`the log of ${name} ${why}`);
  }

  async #checkAudit({ planned, id }: AcceptedJob, job: JobRecord): Promise<void> {
    if (this.#evidence.isRestored) return;
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

/** What an agent needs from the end of a command's time to its first signal, and behind its grace. */
const stopMs = 3_000;

/** Nothing changes it any more. */
function isSettled(job: JobRecord): boolean {
  return isFinal(job.state) && !(job.state === 'lost' && job.cause === 'agent-lost');
}
