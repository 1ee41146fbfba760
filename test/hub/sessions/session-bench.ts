import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentPrincipal } from '../../../hub/identity/agent-principal.ts';
import { createSecretKey } from '../../../hub/identity/secret-key.ts';
import { admitTickets } from '../../../hub/identity/ticket-authenticator.ts';
import { createTickets } from '../../../hub/identity/tickets.ts';
import { createFileLogStore } from '../../../hub/logs/file-log-store.ts';
import type { LogStore } from '../../../hub/logs/log-store.ts';
import { createProgressBoard } from '../../../hub/sessions/progress-board.ts';
import type { SessionOptions } from '../../../hub/sessions/session-options.ts';
import { SessionService } from '../../../hub/sessions/session-service.ts';
import { openSqliteStore } from '../../../hub/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../../hub/store/store.ts';
import type { AttemptResult } from '../../../protocol/attempt-result.ts';
import type { UnknownFrame } from '../../../protocol/parse-frame.ts';
import type { AgentFrame, HubFrame, OpenFrame } from '../../../protocol/session-frame.ts';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { defaultLimits } from '../../../transports/limits.ts';
import { createMemoryListener } from '../../../transports/memory/listener.ts';
import { createMemoryTransport } from '../../../transports/memory/memory-transport.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../../../transports/memory/network.ts';
import type { AgentSessionChannel, SessionTransport } from '../../../transports/session-transport.ts';
import { sampleNewJob } from '../../support/sample-new-job.ts';

/** The agent's end of one session, frame by frame. */
export interface BenchSession {
  readonly channel: AgentSessionChannel;
  send(frame: AgentFrame): Promise<void>;
  /** The next frame; null when the hub closed. */
  next(): Promise<HubFrame | UnknownFrame | null>;
}

/** A real store, real log files and the session service, with one agent that speaks frames by hand over the memory wire. */
export interface SessionBench extends AsyncDisposable {
  readonly store: Store;
  readonly logs: LogStore;
  readonly agentId: string;
  readonly leaseEpoch: number;
  /** The wire between the two, to be broken. */
  readonly network: MemoryNetwork;
  readonly transport: SessionTransport;
  /** Submits a job and offers it: the attempt's id. */
  offer(over?: {
    readonly secrets?: Readonly<Record<string, string>>;
  }): Promise<{ readonly jobId: string; readonly attempt: string }>;
  open(attempt: string, over?: Partial<OpenFrame>, as?: string): Promise<BenchSession>;
  job(id: string): Promise<NonNullable<Awaited<ReturnType<Store['queries']['job']>>>>;
}

export const folderId = '11111111-1111-4111-8111-111111111111';

export async function createSessionBench({
  wrapLogs = (logs) => logs,
  root = tmpdir(),
  ticketClock = systemClock,
  openSecrets = (_job, sealed) => JSON.parse(Buffer.from(sealed).toString()),
  whyHeld = () => null,
}: {
  /** Where its folder is made. */
  readonly root?: string;
  /** What the sessions write to, made of the real one. */
  readonly wrapLogs?: (logs: LogStore) => LogStore;
  /** By which tickets begin and are over. */
  readonly ticketClock?: Clock;
  readonly openSecrets?: SessionOptions['openSecrets'];
  readonly whyHeld?: SessionOptions['whyHeld'];
} = {}): Promise<SessionBench> {
  const folder = await mkdtemp(join(root, 'farhand-sessions-'));
  const clock = systemClock;
  const common = { clock, logger: silentLogger, random: systemRandom };
  const store = await openSqliteStore({ folder, ...common });
  const logs = createFileLogStore({ folder: join(folder, 'logs') });
  const secretKey = createSecretKey(systemRandom.bytes(32));
  const tickets = createTickets({ secretKey, storeId: store.storeId, clock: ticketClock, random: systemRandom });
  const network = createMemoryNetwork({ clock, random: systemRandom });
  const wire = { network, address: 'hub', clock, limits: defaultLimits, logger: silentLogger };
  const listener = createMemoryListener<AgentPrincipal>({
    ...wire,
    authenticate: admitTickets(
      async ({ presented }) => ({
        type: 'admitted',
        principal: { id: presented ?? '', account: 'default', name: 'a1' },
      }),
      { tickets, store, logger: silentLogger },
    ),
  });
  const service = new SessionService({
    store,
    logs: wrapLogs(logs),
    openSecrets,
    isRetrySafe: () => false,
    isGone: () => false,
    whyHeld,
    heard: () => {},
    progress: createProgressBoard(),
    tickets,
    counts: { ended: () => {} },
    loops: createLoopBoard(clock),
    clock,
    logger: silentLogger,
  });
  const following = store.subscribe((changes) => {
    for (const change of changes) if (change.type === 'attempt') service.attemptChanged(change.attempt);
  });
  const accepting = (async () => {
    for await (const accepted of listener) if (accepted.type === 'session') service.serve(accepted);
  })();
  const transport = createMemoryTransport(wire);
  const { agentId, leaseEpoch } = await enrol(store);
  let opens = 0;

  return {
    store,
    logs,
    agentId,
    leaseEpoch,
    network,
    transport: transport.session,
    async offer({ secrets } = {}) {
      const jobId = systemRandom.orderedUuid();
      const sealed = secrets === undefined ? null : Buffer.from(JSON.stringify(secrets));
      const job = sampleNewJob({ id: jobId, secretNames: Object.keys(secrets ?? {}), secrets: sealed });
      await store.apply('submit-job', { job, actor: 'test', idempotency: null, at: clock.now() });
      const attempt = systemRandom.orderedUuid();
      await store.apply('offer-attempt', {
        jobId,
        attemptId: attempt,
        agentId,
        leaseEpoch,
        digest: null,
        retrySafe: false,
        at: clock.now(),
      });
      return { jobId, attempt };
    },
    async open(attempt, over = {}, as = agentId) {
      const channel = await transport.session.openSession(
        { attempt, credential: { present: async () => as } },
        { signal: AbortSignal.timeout(10_000) },
      );
      const frames = channel[Symbol.asyncIterator]();
      opens += 1;
      await channel.send({
        type: 'open',
        attempt,
        leaseEpoch,
        opens,
        folderId,
        have: 'claimed',
        rawBytes: 0,
        needsDocument: true,
        needsSecrets: true,
        ...over,
      });
      return {
        channel,
        send: (frame) => channel.send(frame),
        next: async () => {
          const next = await frames.next();
          return next.done === true ? null : next.value;
        },
      };
    },
    async job(id) {
      const job = await store.queries.job('default', id);
      if (job === null) throw new Error(`no job ${id}`);
      return job;
    },
    async [Symbol.asyncDispose]() {
      following[Symbol.dispose]();
      await service[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
      await accepting;
      await logs[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function enrol(store: Store): Promise<{ readonly agentId: string; readonly leaseEpoch: number }> {
  const at = systemClock.now();
  const token = {
    id: systemRandom.orderedUuid(),
    account: 'default',
    usesLeft: null,
    expiresAt: null,
    allowedLabels: [],
    labels: {},
    ephemeral: false,
  };
  await store.apply('create-join-token', { token, hash: 'h', actor: 'test', at });
  const agentId = systemRandom.orderedUuid();
  await store.apply('enrol-agent', {
    joinTokenHash: 'h',
    agentId,
    name: 'a1',
    publicKey: 'AAAA',
    claimedLabels: {},
    at,
  });
  const lease = await store.apply('take-lease', { agentId, owner: 'test', expiresAt: at + 60_000, at });
  if (lease.type !== 'taken') throw new Error('expected the lease to be taken');
  return { agentId, leaseEpoch: lease.epoch };
}

/** Logs of which one way may be another. */
export function bindLogs(logs: LogStore): LogStore {
  return {
    write: (attempt) => logs.write(attempt),
    length: (attempt) => logs.length(attempt),
    read: (attempt, start, end) => logs.read(attempt, start, end),
    moments: (attempt, start, end) => logs.moments(attempt, start, end),
    remove: (attempt) => logs.remove(attempt),
    grown: (attempt, offset, signal) => logs.grown(attempt, offset, signal),
    [Symbol.asyncDispose]: () => logs[Symbol.asyncDispose](),
  };
}

export function resultFor(log: string, over: Partial<AttemptResult> = {}): AttemptResult {
  return {
    outcome: 'succeeded',
    cause: 'exit-code',
    message: 'exited with 0',
    started: true,
    exitCode: 0,
    signal: null,
    outputs: { ok: true },
    log: {
      bytes: Buffer.byteLength(log),
      sha256: createHash('sha256').update(log).digest('hex'),
      complete: true,
      gaps: [],
      trailing: 0,
    },
    escaped: 0,
    startedAt: new Date().toISOString(),
    endedAt: new Date().toISOString(),
    usage: { wallMs: 1 },
    ...over,
  };
}
