import { Agent, type IncomingMessage, request } from 'node:http';
import { z } from 'zod';
import { Job } from '../protocol/job.ts';
import { CreatedJoinToken } from '../protocol/token.ts';

export interface Submission {
  readonly automation: string;
  readonly parameters?: Readonly<Record<string, string | number>>;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** The hub's API with as little work of its own as can be: `node:http` with connections that stay, where `fetch` takes several times the CPU. */
export interface HubClient extends Disposable {
  /** Resolves with the id when the job is stored. */
  submit(submission: Submission): Promise<string>;
  /** Resolves with the log when the job has ended: the hub pushes it. */
  followLog(id: string): Promise<string>;
  /** The same without the log. */
  waitForEnd(id: string): Promise<void>;
  /** Rejects unless the job has succeeded. */
  checkSuccess(id: string): Promise<Job>;
  cancel(id: string): Promise<void>;
  createJoinToken(uses: number): Promise<string>;
  /** Value of a metric by its name, labels included as they are printed. */
  metric(name: string): Promise<number>;
}

const Created = z.object({ id: z.string() });
/** As far as the hub counts: nothing of the log comes, only its end. */
const afterAnyLog = 999_999_999_999_999;

export function createHubClient(address: string, token: string): HubClient {
  const agent = new Agent({ keepAlive: true });

  async function call(method: string, path: string, body?: object): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const text = body === undefined ? '' : JSON.stringify(body);
    const sent = request(`${address}${path}`, {
      method,
      agent,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
    });
    sent.on('response', resolve).on('error', reject).end(text);
    const response = await promise;
    response.setEncoding('utf8');
    let answer = '';
    for await (const piece of response) answer += String(piece);
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299)
      throw new Error(`expected an answer to ${method} ${path}, got ${status}: ${answer}`);
    return answer;
  }

  async function checkSuccess(id: string): Promise<Job> {
    const job = Job.parse(JSON.parse(await call('GET', `/api/v1/jobs/${id}`)));
    if (job.state !== 'succeeded') {
      throw new Error(`expected the job ${job.automation} to succeed, it is ${job.state}: ${job.cause} ${job.message}`);
    }
    return job;
  }

  return {
    submit: async (submission) => Created.parse(JSON.parse(await call('POST', '/api/v1/jobs', submission))).id,
    followLog: (id) => call('GET', `/api/v1/jobs/${id}/log?follow=true`),
    waitForEnd: async (id) => void (await call('GET', `/api/v1/jobs/${id}/log?follow=true&offset=${afterAnyLog}`)),
    checkSuccess,
    cancel: async (id) => void (await call('POST', `/api/v1/jobs/${id}/cancel`, {})),
    createJoinToken: async (uses) =>
      CreatedJoinToken.parse(JSON.parse(await call('POST', '/api/v1/join-tokens', { uses }))).token,
    async metric(name) {
      const line = (await call('GET', '/metrics')).split('\n').find((text) => text.startsWith(`${name} `));
      return Number(line?.split(' ').at(-1) ?? 0);
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
