import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { RouteOptions } from 'fastify';
import type { ApiLimits } from '../../../hub/api/api-limits.ts';
import { defaultApiLimits } from '../../../hub/api/api-limits.ts';
import { createApi } from '../../../hub/api/create-api.ts';
import type { HubView, LiveAgentView } from '../../../hub/api/hub-view.ts';
import { Readers } from '../../../hub/api/readers.ts';
import { ParameterSchemas } from '../../../hub/fleet/parameter-schemas.ts';
import { createClientAddress } from '../../../hub/front/client-address.ts';
import { createPublicBase } from '../../../hub/front/public-base.ts';
import { createTrustedProxies } from '../../../hub/front/trusted-proxies.ts';
import { Refusals } from '../../../hub/identity/refusals.ts';
import { createSecretKey } from '../../../hub/identity/secret-key.ts';
import { hashToken, makeToken } from '../../../hub/identity/token-text.ts';
import type { JudgeUserToken } from '../../../hub/identity/user-authenticator.ts';
import { createFileLogStore } from '../../../hub/logs/file-log-store.ts';
import type { LogStore } from '../../../hub/logs/log-store.ts';
import { HubMetrics } from '../../../hub/metrics/hub-metrics.ts';
import { AccountQuotas, noLimits } from '../../../hub/quotas/account-quotas.ts';
import type { WaitingView } from '../../../hub/scheduler/waiting-view.ts';
import { createProgressBoard } from '../../../hub/sessions/progress-board.ts';
import { type StatusReader, toHubStatus } from '../../../hub/status/hub-status.ts';
import type { Role } from '../../../hub/store/records.ts';
import { openSqliteStore } from '../../../hub/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../../hub/store/store.ts';
import type { AutomationSummary } from '../../../protocol/automation-summary.ts';
import type { HubStatus } from '../../../protocol/hub-status.ts';
import type { Progress } from '../../../protocol/progress.ts';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { systemRandom } from '../../../runtime/random.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // What a test expects of an answer it says itself.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any;
}

export interface Call {
  readonly method?: string;
  readonly token?: string | null;
  readonly body?: unknown;
  /** Instead of `body`, as it is. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** A whole API over a real store and real logs, on a port of its own. */
export interface ApiHarness extends AsyncDisposable {
  readonly url: string;
  readonly store: Store;
  readonly logs: LogStore;
  readonly folder: string;
  readonly view: FakeHubView;
  /** Of the account `default`, by role. */
  readonly tokens: Readonly<Record<Role, string>>;
  /** Every route as it was registered, `HEAD` left out. */
  readonly routes: readonly RouteOptions[];
  /** What the logger was told at `warn` and `error`. */
  readonly complaints: readonly string[];
  makeToken(role: Role, account: string): Promise<string>;
  fetch(path: string, call?: Call): Promise<Response>;
  call(path: string, call?: Call): Promise<Answer>;
  /** Sends these bytes and answers all that comes back until the other side hangs up, or `enough` says so. */
  talk(bytes: string | Uint8Array, enough?: (text: string) => boolean): Promise<string>;
}

/** What the hub was told besides its limits: proxies before it, whose tokens it takes, its clock. */
export interface HarnessOptions {
  readonly judgeUserToken?: JudgeUserToken | null;
  readonly clock?: Clock;
  readonly publicUrl?: URL;
  readonly trustedProxies?: readonly string[];
}

/** The hub's memory, as a test wants it. */
export class FakeHubView implements HubView {
  readonly byAccount = new Map<string, LiveAgentView[]>();
  ready = true;
  waitingJobs = 0;
  runningJobs = 0;

  agent(agentId: string): LiveAgentView | undefined {
    return [...this.byAccount.values()].flat().find((agent) => agent.id === agentId);
  }
  agents(account: string): Iterable<LiveAgentView> {
    return this.byAccount.get(account) ?? [];
  }
  queued(): number {
    return this.waitingJobs;
  }
  running(): number {
    return this.runningJobs;
  }
  waiting(): WaitingView {
    return { agents: [{ agent: 'a2', reason: 'labels' }], reasons: [{ reason: 'labels', agents: 1 }] };
  }
  /** Of every attempt. */
  newest: Progress = { percent: 40, message: null, outputs: null };
  readonly #board = createProgressBoard();

  progress(): Progress {
    return this.newest;
  }
  nextProgress(jobId: string, signal: AbortSignal): Promise<void> {
    return this.#board.next(jobId, signal);
  }
  tellProgress(jobId: string, progress: Progress): void {
    this.newest = progress;
    this.#board.set({ id: 'any', jobId }, progress);
  }
  notReady(): string | null {
    return this.ready ? null : 'not yet';
  }
  heldBecause: string | null = null;
  held(): string | null {
    return this.heldBecause;
  }
  fault(): null {
    return null;
  }
  isRetrySafe(): boolean {
    return false;
  }
  status(reader: StatusReader): HubStatus {
    return toHubStatus(
      {
        version: '0.0.0',
        startedAt: 0,
        now: 1000,
        notReady: this.notReady(),
        held: this.held(),
        lastOfferAt: null,
        jobs: { queued: 0, offered: 0, running: 0 },
        waiting: { groups: [], more: { groups: 0, jobs: 0 } },
        agents: [],
        count: { online: 0, offline: 0 },
        tls: null,
        sessions: 0,
        readers: 0,
        store: { commits: 0, commandsWaiting: 0 },
        inventory: null,
        freeBytes: null,
        loopLag: { p99Ms: 0, meanMs: 0, maxMs: 0 },
        loops: [],
      },
      reader,
    );
  }

  offer(account: string, automations: readonly AutomationSummary[], id = systemRandom.uuid()): void {
    const agents = this.byAccount.get(account) ?? [];
    agents.push({
      id,
      leaseEpoch: 1,
      busyTotal: 1,
      labels: {},
      report: null,
      automations: new Map(automations.map((automation) => [automation.name, automation])),
      keyHolders: { problem: null },
    });
    this.byAccount.set(account, agents);
  }
}

export function toSummary(name: string, parameters: AutomationSummary['parameters'], digest = 'a'): AutomationSummary {
  return {
    name,
    kind: 'command',
    executor: 'process',
    digest: digest.repeat(64),
    description: null,
    parameters,
    outputs: null,
    timeoutSeconds: null,
    retrySafe: false,
    maxConcurrent: null,
  };
}

async function storeToken(store: Store, role: Role, account: string, expiresAt: number | null = null): Promise<string> {
  const token = makeToken('user', systemRandom);
  await store.apply('create-token', {
    id: systemRandom.orderedUuid(),
    hash: hashToken(token),
    account,
    role,
    name: '',
    expiresAt,
    actor: 'hub',
    at: systemClock.now(),
  });
  return token;
}

/** As the hub's listener does: it takes every upgrade that it is given. */
function refuseUpgrade(_request: IncomingMessage, socket: Duplex): void {
  socket.end('HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\n\r\n');
}

export async function startApi(
  limits: Partial<ApiLimits> = {},
  { judgeUserToken = null, clock = systemClock, ...front }: HarnessOptions = {},
): Promise<ApiHarness> {
  const trusted = createTrustedProxies(front.trustedProxies ?? []);
  const folder = await mkdtemp(join(tmpdir(), 'farhand-api-'));
  const store = await openSqliteStore({ folder, logger: silentLogger, random: systemRandom });
  const logs = createFileLogStore({ folder: join(folder, 'logs') });
  const view = new FakeHubView();
  const complaints: string[] = [];
  const complain = (fields: object, message: string) =>
    complaints.push(`${message} ${'error' in fields ? String(fields.error) : ''}`);
  const logger = { ...silentLogger, warn: complain, error: complain, child: () => logger };
  const loops = createLoopBoard(systemClock);
  const quotas = new AccountQuotas({ ...noLimits, queuedJobs: limits.queuedJobs ?? defaultApiLimits.queuedJobs });
  store.subscribe((changes) => {
    for (const change of changes) if (change.type === 'quotas') quotas.changed(change.account, change.quotas);
  });
  const metrics = new HubMetrics({ version: '0.0.0', clock: systemClock });
  const refusals = new Refusals({ store, clock: systemClock, logger });
  const api = createApi({
    store,
    refusals,
    know: () => {},
    logs,
    hubView: view,
    offerAtOnce: async () => false,
    publicBase: createPublicBase({ publicUrl: front.publicUrl ?? null, trusted }),
    clientAddress: createClientAddress(trusted),
    schemas: new ParameterSchemas(),
    judgeUserToken,
    quotas,
    clock,
    random: systemRandom,
    logger,
    secretKey: createSecretKey(systemRandom.bytes(32)),
    version: '0.0.0',
    metrics,
    readers: new Readers({ clock: systemClock, logger, limits: { ...defaultApiLimits, ...limits }, loops }),
    limits,
  });
  const routes: RouteOptions[] = [];
  api.addHook('onRoute', (route) => void (route.method !== 'HEAD' && routes.push(route)));
  api.server.on('upgrade', refuseUpgrade);
  await api.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const tokens = {
    admin: await storeToken(store, 'admin', 'default'),
    operator: await storeToken(store, 'operator', 'default'),
    approver: await storeToken(store, 'approver', 'default'),
    viewer: await storeToken(store, 'viewer', 'default'),
  };

  const fetchPath = (path: string, { method, token = tokens.operator, body, raw, headers, signal }: Call = {}) =>
    fetch(`${url}${path}`, {
      method: method ?? (body === undefined && raw === undefined ? 'GET' : 'POST'),
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined && raw === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: raw ?? (body === undefined ? null : JSON.stringify(body)),
      ...(signal === undefined ? {} : { signal }),
    });

  return {
    url,
    store,
    logs,
    folder,
    view,
    tokens,
    routes,
    complaints,
    makeToken: (role, account) => storeToken(store, role, account),
    fetch: fetchPath,
    async call(path, call) {
      const response = await fetchPath(path, call);
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: isJson && text !== '' ? JSON.parse(text) : null,
      };
    },
    talk: (bytes, enough = () => false) =>
      new Promise((resolve, reject) => {
        let text = '';
        const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
        socket.setEncoding('latin1');
        socket.on('data', (piece: string) => {
          text += piece;
          if (enough(text)) socket.destroy();
        });
        socket.on('close', () => resolve(text));
        socket.on('error', (error: Error & { readonly code?: string }) =>
          error.code === 'ECONNRESET' ? resolve(text) : reject(error),
        );
      }),
    async [Symbol.asyncDispose]() {
      await api.close();
      await refusals[Symbol.asyncDispose]();
      metrics[Symbol.dispose]();
      await logs[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
