import { z } from 'zod';
import { type Client, createClient, type Operations } from '../client/client.ts';
import { Account } from '../protocol/account.ts';
import { Agent, Automation } from '../protocol/agent.ts';
import { AuditEvent } from '../protocol/audit.ts';
import { Facts, FactsChange } from '../protocol/facts.ts';
import { App, Node } from '../protocol/inventory.ts';
import { Job, JobLog } from '../protocol/job.ts';
import { parse } from '../protocol/parse.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import { JoinToken, Token } from '../protocol/token.ts';
import { ApiError } from './api-error.ts';
import { toTolerant } from './tolerant-schema.ts';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Below `/api/v1`, with its query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The hub's API as commands use it. Everything rejects with `ApiError`, or with the signal's reason once that aborts. */
export interface ApiClient extends Client {
  /** A call without a function of its own. The answer is checked; what a newer hub says beyond a loose schema stays in it. */
  call<T>(request: ApiRequest, schema: z.ZodType<T>): Promise<T>;
  /** The answer as it comes. It is an answer of success: 2xx. */
  open(request: ApiRequest): Promise<Response>;
}

/** A word out of a list that another version may have made longer. */
const Word = z.string();

/** What a command relies on in an answer. A newer hub may say more than this version knows: that is kept for `--json`. */
const AnyJob = toTolerant(Job, {
  labels: Job.shape.labels.default({}),
  state: Word,
  cause: Word.nullable(),
  progress: z
    .looseObject({ percent: z.number().nullable().default(null), message: z.string().nullable().default(null) })
    .nullable(),
  waiting: z.array(z.looseObject({ agent: Word, reason: Word, message: z.string().optional() })).default([]),
  waitingReasons: z.array(z.looseObject({ reason: Word, agents: z.number() })).default([]),
  log: toTolerant(JobLog, {
    gaps: z.array(z.unknown()).default([]),
    trailing: z.number().default(0),
    removedAt: z.string().nullable().default(null),
  }).nullable(),
  cancelRequested: z.boolean().default(false),
});
const Stall = z.looseObject({ percent: z.number() }).nullable().default(null);
const AnyAgent = toTolerant(Agent, {
  drain: z.boolean().default(false),
  keyFingerprint: z.string().default(''),
  keyRotating: z.boolean().default(false),
  revokedAt: z.string().nullable().default(null),
  admission: z
    .looseObject({
      state: Word,
      since: z.string(),
      values: z.looseObject({ cpu: Stall, memory: Stall, io: Stall, loopLagMaxMs: z.number().default(0) }),
    })
    .nullable()
    .default(null),
  health: z.looseObject({ state: Word, problems: z.array(z.string()).default([]) }).nullable(),
});
const Stale = z
  .looseObject({
    reason: Word,
    since: z.string().nullable().default(null),
    message: z.string().nullable().default(null),
  })
  .nullable()
  .default(null);
const AnyNode = toTolerant(Node, { state: Word, type: Word, stale: Stale });
const AnyApp = toTolerant(App, { state: Word, kind: Word, type: Word, stale: Stale });
const AnyAccount = toTolerant(Account, { quotas: z.looseObject({}) });
const AnyCreatedToken = z.looseObject({ token: z.string().min(1) });
const answers: Partial<Record<keyof Operations, z.ZodType>> = {
  submitJob: AnyJob,
  getJob: AnyJob,
  cancelJob: AnyJob,
  rerunJob: AnyJob,
  listJobs: pageOf(AnyJob),
  getAgent: AnyAgent,
  drainAgent: AnyAgent,
  resumeAgent: AnyAgent,
  revokeAgent: AnyAgent,
  rotateAgentKey: AnyAgent,
  listAgents: pageOf(AnyAgent),
  listAutomations: pageOf(toTolerant(Automation, { retrySafe: z.boolean().default(false) })),
  createToken: AnyCreatedToken,
  createJoinToken: AnyCreatedToken,
  listTokens: pageOf(
    toTolerant(Token, {
      role: Word,
      account: z.string().default(''),
      revokedAt: z.string().nullable().default(null),
    }),
  ),
  listJoinTokens: pageOf(toTolerant(JoinToken, { account: z.string().default('') })),
  listAccounts: pageOf(AnyAccount),
  getAccount: AnyAccount,
  listAudit: pageOf(toTolerant(AuditEvent, {})),
  listFacts: pageOf(toTolerant(Facts, {})),
  getFacts: toTolerant(Facts, {}),
  listFactsHistory: pageOf(toTolerant(FactsChange, {})),
  listNodes: pageOf(AnyNode),
  getNode: AnyNode,
  listApps: pageOf(AnyApp),
  getApp: AnyApp,
};

export function createApiClient({
  address,
  token,
  fetch,
}: {
  readonly address: string;
  readonly token: string | null;
  readonly fetch: typeof globalThis.fetch;
}): ApiClient {
  const check = <T>(schema: z.ZodType<T>, answer: unknown): T => {
    try {
      return parse(schema, answer, 'answer of the hub');
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new ApiError('not-a-hub', `${address} gave an answer that farhand does not understand: ${error.message}`, {
        cause: error,
      });
    }
  };
  const client = createClient({
    address,
    token,
    fetch,
    // A person sees at once that the hub is not there, and tries again.
    retries: 0,
    validate: (operation, answer) => check(answers[operation] ?? anything, answer),
  });
  const open = ({ method = 'GET', path, body, headers = {}, signal }: ApiRequest) =>
    client.send({ method, path: `/api/v1${path}`, body, headers, options: { signal } });
  return {
    ...client,
    open,
    async call(request, schema) {
      return check(schema, await client.readJson(await open(request)));
    },
  };
}

const anything = z.unknown();

function pageOf(item: z.ZodType) {
  return z.looseObject({ items: z.array(item), nextCursor: z.string().nullable().default(null) });
}
