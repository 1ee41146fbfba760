import type { ApiContext } from './api-context.ts';
import type { ApiServer } from './api-server.ts';
import { accounts } from './routes/accounts.ts';
import { attemptLog } from './routes/attempt-log.ts';
import { cancelJob } from './routes/cancel-job.ts';
import { createJoinToken } from './routes/create-join-token.ts';
import { createToken } from './routes/create-token.ts';
import { docsPage } from './routes/docs-page.ts';
import { drainAgent } from './routes/drain-agent.ts';
import { enrol } from './routes/enrol.ts';
import { events } from './routes/events.ts';
import { factsHistory } from './routes/facts-history.ts';
import { getAgent } from './routes/get-agent.ts';
import { getApp } from './routes/get-app.ts';
import { getFacts } from './routes/get-facts.ts';
import { getJob } from './routes/get-job.ts';
import { getNode } from './routes/get-node.ts';
import { health } from './routes/health.ts';
import { jobEvents } from './routes/job-events.ts';
import { jobLog } from './routes/job-log.ts';
import { listAgents } from './routes/list-agents.ts';
import { listApps } from './routes/list-apps.ts';
import { listAttempts } from './routes/list-attempts.ts';
import { listAudit } from './routes/list-audit.ts';
import { listAutomations } from './routes/list-automations.ts';
import { listFacts } from './routes/list-facts.ts';
import { listJobs } from './routes/list-jobs.ts';
import { listNodes } from './routes/list-nodes.ts';
import { listTokens } from './routes/list-tokens.ts';
import { metrics } from './routes/metrics.ts';
import { openapi } from './routes/openapi.ts';
import { removeAgent } from './routes/remove-agent.ts';
import { rerunJob } from './routes/rerun-job.ts';
import { revokeAgent } from './routes/revoke-agent.ts';
import { revokeToken } from './routes/revoke-token.ts';
import { rotateAgentKey } from './routes/rotate-agent-key.ts';
import { status } from './routes/status.ts';
import { submitJob } from './routes/submit-job.ts';
import { trustStore } from './routes/trust-store.ts';

type Route = (app: ApiServer, context: ApiContext) => void;

/** Under `/api/v1`. */
export const apiRoutes: readonly Route[] = [
  submitJob,
  listJobs,
  getJob,
  cancelJob,
  rerunJob,
  jobLog,
  listAttempts,
  attemptLog,
  jobEvents,
  events,
  listAgents,
  getAgent,
  drainAgent,
  listAutomations,
  createToken,
  createJoinToken,
  openapi,
  listTokens,
  revokeToken,
  listFacts,
  getFacts,
  factsHistory,
  listNodes,
  getNode,
  listApps,
  getApp,
  accounts,
  listAudit,
  revokeAgent,
  removeAgent,
  rotateAgentKey,
  trustStore,
];

/** Outside it. */
export const rootRoutes: readonly Route[] = [health, enrol, docsPage, metrics, status];
