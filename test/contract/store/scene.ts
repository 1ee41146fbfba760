import assert from 'node:assert/strict';
import type { CommandInput, CommandName, CommandResult, NewJob, OpenAnswer } from '../../../hub/store/command.ts';
import type { AgentRecord, AttemptRecord, JobRecord, SessionEpoch } from '../../../hub/store/records.ts';
import type { Store } from '../../../hub/store/store.ts';
import type { AgentReport } from '../../../protocol/agent-report.ts';
import type { AttemptResult, Outcome } from '../../../protocol/attempt-result.ts';
import type { Cause } from '../../../protocol/cause.ts';
import type { DeclineReason } from '../../../protocol/offer.ts';
import type { Have } from '../../../protocol/session-frame.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { sampleNewJob } from '../../support/sample-new-job.ts';

/** Opens a new, empty store. The test disposes it. */
export type OpenStore = () => Promise<Store>;

export const account = 'default';

const causes: Readonly<Record<Outcome, Cause>> = {
  succeeded: 'exit-code',
  failed: 'exit-code',
  cancelled: 'cancelled',
  'timed-out': 'timeout',
  lost: 'process-lost',
  'never-started': 'start-failed',
};

export function resultOf(outcome: Outcome, change: Partial<AttemptResult> = {}): AttemptResult {
  return {
    outcome,
    cause: causes[outcome],
    message: `it ${outcome}`,
    started: outcome !== 'never-started',
    exitCode: outcome === 'succeeded' ? 0 : outcome === 'failed' ? 3 : null,
    signal: null,
    outputs: outcome === 'succeeded' ? { answer: 42 } : null,
    log: { bytes: 10, sha256: 'ab'.repeat(32), complete: true, gaps: [], trailing: 2 },
    escaped: 0,
    startedAt: null,
    endedAt: '2026-01-01T00:00:00.000Z',
    usage: null,
    ...change,
  };
}

export function reportOf(change: Partial<AgentReport> = {}): AgentReport {
  return {
    labels: {},
    version: '1.0.0',
    bootId: 'boot',
    platform: { os: 'linux', arch: 'x64', release: '6', hostname: 'h', node: '24' },
    transport: 'memory',
    sessionAddress: null,
    slots: { total: 4, used: 0 },
    automations: [],
    health: { state: 'ok', problems: [] },
    loopLagMs: 0.5,
    admission: null,
    key: null,
    clusters: [],
    ...change,
  };
}

/** One attempt as its agent sees it. */
export interface Try {
  readonly id: string;
  readonly agent: AgentRecord;
  folderId: string;
  opens: number;
}

/** Says in one call what a test wants to have happened. Its clock moves one second with every command. */
export interface Scene {
  readonly store: Store;
  now(): number;
  apply<Name extends CommandName>(name: Name, input: Omit<CommandInput<Name>, 'at'>): Promise<CommandResult<Name>>;
  agent(name?: string, its?: { readonly account: string }): Promise<AgentRecord>;
  submit(change?: Partial<NewJob>): Promise<JobRecord>;
  offer(job: JobRecord, agent: AgentRecord): Promise<Try>;
  open(
    tried: Try,
    have?: Have,
    change?: { readonly folderId?: string; readonly epoch?: SessionEpoch; readonly handsOver?: boolean },
  ): Promise<OpenAnswer>;
  /** Submits, offers and opens. */
  start(change?: Partial<NewJob>, agent?: AgentRecord): Promise<{ readonly job: JobRecord; readonly tried: Try }>;
  end(
    tried: Try,
    outcome: Outcome,
    options?: { readonly retrySafe?: boolean; readonly result?: Partial<AttemptResult> },
  ): Promise<CommandResult<'end-attempt'>>;
  decline(tried: Try, reason: DeclineReason): Promise<CommandResult<'report-attempt'>>;
  lose(tried: Try, retrySafe?: boolean): Promise<void>;
  cancel(job: JobRecord): Promise<CommandResult<'cancel-job'>>;
  job(job: JobRecord): Promise<JobRecord>;
  attempt(tried: Try): Promise<AttemptRecord>;
}

export function createScene(store: Store): Scene {
  let seconds = Date.parse('2026-01-01T00:00:00Z') / 1000;
  let agents = 0;

  const scene: Scene = {
    store,
    now: () => seconds * 1000,
    apply(name, input) {
      seconds++;
      return store.apply(name, { ...input, at: seconds * 1000 } as never);
    },
    async agent(name = `a${++agents}`, its = { account }) {
      const hash = systemRandom.uuid();
      await scene.apply('create-join-token', {
        token: {
          id: systemRandom.uuid(),
          account: its.account,
          usesLeft: 1,
          expiresAt: null,
          allowedLabels: [],
          labels: {},
          ephemeral: false,
        },
        hash,
        actor: 'hub',
      });
      const enrolled = await scene.apply('enrol-agent', {
        joinTokenHash: hash,
        agentId: systemRandom.uuid(),
        name,
        publicKey: systemRandom.uuid(),
        claimedLabels: {},
      });
      assert.equal(enrolled.type, 'enrolled');
      const taken = await scene.apply('take-lease', {
        agentId: enrolled.agent.id,
        owner: 'hub-1',
        expiresAt: scene.now() + 30_000,
      });
      assert.equal(taken.type, 'taken');
      return taken.agent;
    },
    async submit(change = {}) {
      const submitted = await scene.apply('submit-job', {
        job: sampleNewJob({ account, ...change }),
        actor: 'token:t1',
        idempotency: null,
      });
      assert.equal(submitted.type, 'created');
      return submitted.job;
    },
    async offer(job, agent) {
      const attemptId = systemRandom.orderedUuid();
      const offered = await scene.apply('offer-attempt', {
        jobId: job.id,
        attemptId,
        agentId: agent.id,
        leaseEpoch: agent.lease?.epoch ?? 0,
        digest: null,
        retrySafe: false,
      });
      assert.equal(offered.type, 'offered');
      return { id: attemptId, agent, folderId: systemRandom.uuid(), opens: 0 };
    },
    open(tried, have = 'claimed', change = {}) {
      tried.opens++;
      return scene.apply('open-attempt', {
        attemptId: tried.id,
        agentId: tried.agent.id,
        folderId: tried.folderId,
        have,
        epoch: { leaseEpoch: tried.agent.lease?.epoch ?? 0, opens: tried.opens },
        ...change,
      });
    },
    async start(change = {}, agent) {
      const job = await scene.submit(change);
      const tried = await scene.offer(job, agent ?? (await scene.agent()));
      const answer = await scene.open(tried);
      assert.equal(answer.type, 'job');
      return { job, tried };
    },
    end(tried, outcome, { retrySafe = false, result: change = {} } = {}) {
      const result = resultOf(outcome, change);
      const { trailing: _, ...storedLog } = result.log;
      return scene.apply('end-attempt', {
        attemptId: tried.id,
        agentId: tried.agent.id,
        epoch: { leaseEpoch: tried.agent.lease?.epoch ?? 0, opens: tried.opens },
        result,
        storedLog,
        retrySafe,
      });
    },
    decline(tried, reason) {
      return scene.apply('report-attempt', {
        attemptId: tried.id,
        agentId: tried.agent.id,
        report: { type: 'declined', reason, message: null },
      });
    },
    async lose(tried, retrySafe = false) {
      const { lost } = await scene.apply('lose-attempts', { attemptIds: [tried.id], retrySafe: [retrySafe] });
      assert.deepEqual(lost, [tried.id]);
    },
    cancel: (job) => scene.apply('cancel-job', { account, jobId: job.id, actor: 'token:t1' }),
    async job({ id }) {
      const job = await store.queries.job(account, id);
      assert.ok(job);
      return job;
    },
    async attempt({ id }) {
      const attempt = await store.queries.attempt(id);
      assert.ok(attempt);
      return attempt;
    },
  };
  return scene;
}
