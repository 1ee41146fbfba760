import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Agent } from '../../protocol/agent.ts';
import type { Attempt } from '../../protocol/attempt.ts';
import type { Job } from '../../protocol/job.ts';
import type { FaultCertificates } from './fault-certificates.ts';
import { callHttps } from './https-call.ts';
import { until } from './until.ts';

/** A client that a hub may die under: it asks again, with the same idempotency key, until it has an answer. */
export interface HubApi {
  submit(request: object, token?: string): Promise<Job>;
  job(id: string): Promise<Job>;
  /** Resolves with the job once `is` holds. */
  jobWhen(id: string, what: string, is: (job: Job) => boolean): Promise<Job>;
  /** Resolves with the job at its end. One that is `lost` and may be corrected has ended too. */
  end(id: string): Promise<Job>;
  /** How many jobs have not ended; no more than 500 are counted. */
  countOpen(): Promise<number>;
  cancel(id: string): Promise<number>;
  attempts(id: string): Promise<readonly Attempt[]>;
  log(id: string): Promise<Buffer>;
  attemptLog(id: string, number: number): Promise<Buffer>;
  agent(name: string): Promise<Agent>;
  /** Resolves once the hub may offer a job to this agent: it is connected and said what it can run. */
  takesWork(name: string): Promise<void>;
  /** Resolves once the hub knows that this agent is gone. */
  isOffline(name: string): Promise<void>;
  /** For ten agents, unless it says otherwise. */
  joinToken(request?: { readonly uses: number }): Promise<string>;
  userToken(account: string): Promise<string>;
  /** One call; tried again while the hub cannot be reached or says that it cannot serve now. */
  call(
    method: string,
    path: string,
    options?: CallOptions,
  ): Promise<{ readonly status: number; readonly body: Buffer }>;
}

interface CallOptions {
  readonly body?: object;
  readonly key?: string;
  readonly token?: string;
  /** False: whatever happens is told, or thrown. */
  readonly patient?: boolean;
}

const answerMs = 15_000;
const retryMs = 50;
const patienceMs = 120_000;
const ends: readonly string[] = ['succeeded', 'failed', 'cancelled', 'timed-out', 'lost'];

export function isEnded({ state }: Job): boolean {
  return ends.includes(state);
}

/** `certificates`: of a hub that asks for one. */
export function createHubApi(
  address: string,
  adminToken: string,
  certificates: Pick<FaultCertificates, 'ca' | 'client'> | null = null,
): HubApi {
  async function callOnce(method: string, path: string, options: CallOptions): ReturnType<HubApi['call']> {
    const { body, key, token = adminToken } = options;
    const url = `${address}/api/v1${path}`;
    const signal = AbortSignal.timeout(answerMs);
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    };
    if (certificates !== null) {
      const { ca, client } = certificates;
      const given = { method, headers, signal, files: client, ...(body === undefined ? {} : { body }) };
      const { status, bytes } = await callHttps(url, ca, given);
      return { status, body: bytes };
    }
    const answer = await fetch(url, {
      method,
      signal,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  }

  const call: HubApi['call'] = async (method, path, options = {}) => {
    const end = performance.now() + patienceMs;
    for (;;) {
      try {
        const answer = await callOnce(method, path, options);
        if (answer.status < 500 || options.patient === false || performance.now() > end) return answer;
      } catch (error) {
        if (options.patient === false || performance.now() > end) throw error;
      }
      await delay(retryMs);
    }
  };

  async function read<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const { status, body } = await call(method, path, options);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${body.toString()}`);
    return JSON.parse(body.toString()) as T;
  }

  async function readLog(path: string): Promise<Buffer> {
    const { status, body } = await call('GET', path);
    if (status >= 300) throw new Error(`GET ${path}: ${status} ${body.toString()}`);
    return body;
  }

  const api: HubApi = {
    call,
    submit: (request, token) =>
      read<Job>('POST', '/jobs', { body: request, key: randomUUID(), ...(token === undefined ? {} : { token }) }),
    job: (id) => read<Job>('GET', `/jobs/${id}`),
    jobWhen: (id, what, is) =>
      until(`job ${id} to be ${what}`, async () => {
        const job = await api.job(id);
        return is(job) ? job : null;
      }),
    end: (id) => api.jobWhen(id, 'ended', isEnded),
    countOpen: async () =>
      (await read<{ items: readonly Job[] }>('GET', '/jobs?state=queued,offered,running&limit=500')).items.length,
    cancel: async (id) => (await call('POST', `/jobs/${id}/cancel`)).status,
    attempts: async (id) => (await read<{ items: readonly Attempt[] }>('GET', `/jobs/${id}/attempts`)).items,
    log: (id) => readLog(`/jobs/${id}/log`),
    attemptLog: (id, number) => readLog(`/jobs/${id}/attempts/${number}/log`),
    agent: (name) => read<Agent>('GET', `/agents/${name}`),
    async takesWork(name) {
      await until(`agent ${name} to take work`, async () => {
        const { online, automations, health } = await api.agent(name);
        return online && automations.length > 0 && (health?.state === 'ok' || health?.state === 'degraded');
      });
    },
    async isOffline(name) {
      await until(`agent ${name} to be offline`, async () => !(await api.agent(name)).online);
    },
    joinToken: async (request = { uses: 10 }) =>
      (await read<{ token: string }>('POST', '/join-tokens', { body: request })).token,
    userToken: async (account) =>
      (await read<{ token: string }>('POST', '/tokens', { body: { role: 'operator', account } })).token,
  };
  return api;
}
