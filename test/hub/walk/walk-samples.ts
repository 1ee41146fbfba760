import type { Things } from './walk-place.ts';

/** How one operation is called, and what it answers whoever may. */
export interface Sample {
  /** The status of an answer to somebody who may. */
  readonly status: number;
  /** It is about one thing of an account: for everybody else that thing is not there. */
  readonly about: keyof Things | null;
  /** It changes what it is called for: each call is given things of its own. */
  readonly changes: boolean;
  /** What an administrator of the account itself gets, where only one of the hub may. */
  readonly ownAdmin?: number;
  /** What an administrator of the account `default` gets, who runs the hub and may see it all. */
  readonly hubsAdmin?: number;
  request(things: Things): { readonly path: string; readonly body?: object };
}

function reads(status: number, about: Sample['about'], path: (things: Things) => string): Sample {
  return { status, about, changes: false, request: (things) => ({ path: path(things) }) };
}

function changes(
  status: number,
  about: Sample['about'],
  request: (things: Things) => { readonly path: string; readonly body?: object },
): Sample {
  return { status, about, changes: true, request };
}

/** One for each operation that asks for a role. */
export const samples: Readonly<Record<string, Sample>> = {
  submitJob: changes(201, null, () => ({ path: '/api/v1/jobs', body: { automation: 'greet' } })),
  listJobs: reads(200, null, () => '/api/v1/jobs'),
  getJob: reads(200, 'job', ({ job }) => `/api/v1/jobs/${job}`),
  cancelJob: changes(202, 'job', ({ job }) => ({ path: `/api/v1/jobs/${job}/cancel`, body: {} })),
  rerunJob: changes(201, 'job', ({ job }) => ({ path: `/api/v1/jobs/${job}/rerun`, body: {} })),
  getJobLog: reads(200, 'job', ({ job }) => `/api/v1/jobs/${job}/log`),
  listAttempts: reads(200, 'job', ({ job }) => `/api/v1/jobs/${job}/attempts`),
  getAttemptLog: reads(200, 'job', ({ job }) => `/api/v1/jobs/${job}/attempts/1/log`),
  watchJob: reads(200, 'job', ({ job }) => `/api/v1/jobs/${job}/events`),
  watchEvents: reads(200, null, () => '/api/v1/events'),
  listAgents: reads(200, null, () => '/api/v1/agents'),
  getAgent: reads(200, 'agent', ({ agent }) => `/api/v1/agents/${agent}`),
  drainAgent: changes(202, 'agent', ({ agent }) => ({ path: `/api/v1/agents/${agent}/drain`, body: {} })),
  resumeAgent: changes(202, 'agent', ({ agent }) => ({ path: `/api/v1/agents/${agent}/resume`, body: {} })),
  rotateAgentKey: changes(202, 'agent', ({ agent }) => ({ path: `/api/v1/agents/${agent}/rotate-key`, body: {} })),
  revokeAgent: changes(200, 'agent', ({ agent }) => ({ path: `/api/v1/agents/${agent}/revoke`, body: {} })),
  removeAgent: changes(204, 'agent', ({ agent }) => ({ path: `/api/v1/agents/${agent}` })),
  listAutomations: reads(200, null, () => '/api/v1/automations'),
  listFacts: reads(200, 'agent', ({ agent }) => `/api/v1/agents/${agent}/facts`),
  getFacts: reads(200, 'agent', ({ agent, probe }) => `/api/v1/agents/${agent}/facts/${probe}`),
  listFactsHistory: reads(200, 'agent', ({ agent, probe }) => `/api/v1/agents/${agent}/facts/${probe}/history`),
  listNodes: reads(200, null, () => '/api/v1/nodes'),
  getNode: reads(200, 'node', ({ node }) => `/api/v1/nodes/${node}`),
  listApps: reads(200, null, () => '/api/v1/apps'),
  getApp: reads(200, 'app', ({ app }) => `/api/v1/apps/${app}`),
  createToken: changes(201, null, () => ({ path: '/api/v1/tokens', body: { role: 'viewer', expiresInSeconds: 60 } })),
  createJoinToken: changes(201, null, () => ({ path: '/api/v1/join-tokens', body: {} })),
  listTokens: reads(200, null, () => '/api/v1/tokens'),
  listJoinTokens: reads(200, null, () => '/api/v1/join-tokens'),
  revokeToken: changes(204, 'token', ({ token }) => ({ path: `/api/v1/tokens/${token}` })),
  revokeJoinToken: changes(204, 'joinToken', ({ joinToken }) => ({ path: `/api/v1/join-tokens/${joinToken}` })),
  listAudit: reads(200, null, () => '/api/v1/audit'),
  listAccounts: { ...reads(200, null, () => '/api/v1/accounts'), hubsAdmin: 200 },
  getAccount: { ...reads(200, 'account', ({ account }) => `/api/v1/accounts/${account}`), hubsAdmin: 200 },
  setQuotas: {
    ...changes(403, null, ({ account }) => ({
      path: `/api/v1/accounts/${account}/quotas`,
      body: { queuedJobs: null, runningJobs: null, logBytes: null },
    })),
    ownAdmin: 403,
    hubsAdmin: 200,
  },
  trustStore: { ...changes(403, null, () => ({ path: '/api/v1/trust-store' })), ownAdmin: 403, hubsAdmin: 200 },
  getDescription: reads(200, null, () => '/api/v1/openapi.json'),
};

/** Who gets what at the doors that ask for no role. Of a token only its account counts there. */
export const doors: Readonly<
  Record<
    string,
    {
      /** Of the account `default`. */
      readonly own: number;
      /** Of another account. */
      readonly others: number;
      readonly nobody: number;
      readonly body?: object;
    }
  >
> = {
  'GET /livez': { own: 200, others: 200, nobody: 200 },
  'GET /readyz': { own: 200, others: 200, nobody: 200 },
  'GET /docs': { own: 200, others: 200, nobody: 200 },
  'GET /docs/page.css': { own: 200, others: 200, nobody: 200 },
  'GET /docs/page.mjs': { own: 200, others: 200, nobody: 200 },
  // Through a proxy: whoever asks on the hub's own machine needs no token.
  'GET /metrics': { own: 200, others: 403, nobody: 401 },
  'GET /status': { own: 200, others: 403, nobody: 401 },
  // A token that is none to join with is told nothing more, and neither is one that is, without the proof of a key.
  'POST /v1/enrol': {
    own: 401,
    others: 401,
    nobody: 401,
    body: { name: 'acme-agent', labels: {}, publicKey: 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=' },
  },
};
