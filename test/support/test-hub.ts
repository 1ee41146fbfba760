import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHub, type Hub, type HubOptions } from '../../hub/hub.ts';
import { keepEverything, type RetentionRules } from '../../hub/retention/retention-rules.ts';
import type { Agent } from '../../protocol/agent.ts';
import type { Job } from '../../protocol/job.ts';
import type { JobState } from '../../protocol/job-state.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { systemRandom } from '../../runtime/random.ts';

/** A whole hub in this process, with a folder of its own and an administrator's hand on its API. */
export interface TestHub extends AsyncDisposable {
  readonly address: string;
  readonly folder: string;
  /** Without a token it is the administrator who calls. */
  call(
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ): Promise<{ readonly status: number; readonly body: unknown }>;
  submit(request: object, token?: string): Promise<Job>;
  job(id: string): Promise<Job>;
  agent(name: string): Promise<Agent>;
  joinToken(request?: object): Promise<string>;
  /** An operator's of that account. */
  tokenFor(account: string): Promise<string>;
  /** Waits until the job is in one of these states. */
  jobIn(id: string, ...states: JobState[]): Promise<Job>;
  /** Stops it and starts another one on the same folder, at the same port. */
  restart(): Promise<void>;
}

const adminToken = 'test-administrator-token-0123456789abcdef';
const pollMs = 10;

/** `root`: where its folder is made. */
export async function startTestHub(
  over: {
    readonly lostAfterMs?: number;
    readonly keep?: RetentionRules;
    readonly retainEveryMs?: number;
    readonly root?: string;
    readonly limits?: HubOptions['limits'];
  } = {},
): Promise<TestHub> {
  const folder = await mkdtemp(join(over.root ?? tmpdir(), 'farhand-hub-'));
  const start = (port: number): Promise<Hub> =>
    createHub({
      listen: { host: '127.0.0.1', port },
      dataFolder: folder,
      adminToken,
      adminTokenFolder: null,
      lostAfterMs: over.lostAfterMs ?? 3_600_000,
      limits: over.limits ?? {},
      keep: over.keep ?? keepEverything,
      ...(over.retainEveryMs === undefined ? {} : { retainEveryMs: over.retainEveryMs }),
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
  let hub = await start(0);
  const { address } = hub;

  const call: TestHub['call'] = async (method, path, body, token = adminToken) => {
    const answer = await fetch(`${address}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  };
  const expect = async <T>(
    status: number,
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ): Promise<T> => {
    const answer = await call(method, path, body, token);
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  };
  return {
    address,
    folder,
    call,
    submit: (request, token) => expect<Job>(201, 'POST', '/jobs', request, token),
    job: (id) => expect<Job>(200, 'GET', `/jobs/${id}`),
    agent: (name) => expect<Agent>(200, 'GET', `/agents/${name}`),
    async joinToken(request = { uses: 10 }) {
      return (await expect<{ token: string }>(201, 'POST', '/join-tokens', request)).token;
    },
    async tokenFor(account) {
      return (await expect<{ token: string }>(201, 'POST', '/tokens', { role: 'operator', account, name: account }))
        .token;
    },
    async jobIn(id, ...states) {
      for (;;) {
        const job = await expect<Job>(200, 'GET', `/jobs/${id}`);
        if (states.includes(job.state)) return job;
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
    },
    async restart() {
      await hub[Symbol.asyncDispose]();
      hub = await start(Number(new URL(address).port));
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
