import { z } from 'zod';
import { Account, Quotas } from './account.ts';
import { Agent, AgentNote, AgentRevocation, Automation } from './agent.ts';
import { AgentDesired, AgentReport } from './agent-report.ts';
import { ApiEvent } from './api-event.ts';
import { AppReport } from './app.ts';
import { Attempt } from './attempt.ts';
import { AttemptResult } from './attempt-result.ts';
import { AuditEvent } from './audit.ts';
import { AutomationSummary } from './automation-summary.ts';
import { Cause } from './cause.ts';
import { CloudEvent } from './cloud-event.ts';
import { ClusterReport, Resources } from './cluster.ts';
import { EnrolmentAnswer, EnrolmentRequest } from './enrolment.ts';
import { Facts, FactsChange, FactsReport } from './facts.ts';
import { Health } from './health.ts';
import { AgentHello, HubHello } from './hello.ts';
import { HubStatus, LoopReport, TroubledAgent, WaitingJobs } from './hub-status.ts';
import { Job, JobLog, JobRequest, RerunRequest, Waiting, WaitingReasonCount } from './job.ts';
import { JobDocument, Secrets } from './job-document.ts';
import { JobState } from './job-state.ts';
import type { JsonObject } from './json.ts';
import { Labels } from './labels.ts';
import { NodeReport } from './node.ts';
import { AttemptReport, Offer } from './offer.ts';
import { Problem, ProblemCode } from './problem.ts';
import { Progress } from './progress.ts';
import { AgentTextFrame, HubFrame } from './session-frame.ts';
import { CreatedJoinToken, CreatedToken, JoinToken, JoinTokenRequest, Role, Token, TokenRequest } from './token.ts';
import { TrustedStore } from './trusted-store.ts';

/** Everything that travels as JSON, by name. The description of the API refers to what stands here by that name. */
export const protocolSchemas = {
  Account,
  Agent,
  AgentDesired,
  AgentHello,
  AgentNote,
  AgentRevocation,
  AgentReport,
  AgentTextFrame,
  ApiEvent,
  AppReport,
  AuditEvent,
  Attempt,
  AttemptReport,
  AttemptResult,
  Automation,
  AutomationSummary,
  Cause,
  CloudEvent,
  ClusterReport,
  CreatedJoinToken,
  CreatedToken,
  EnrolmentAnswer,
  EnrolmentRequest,
  Facts,
  FactsChange,
  FactsReport,
  Health,
  TrustedStore,
  HubFrame,
  HubHello,
  HubStatus,
  Job,
  JobDocument,
  JobLog,
  JobRequest,
  JobState,
  JoinToken,
  JoinTokenRequest,
  Labels,
  LoopReport,
  NodeReport,
  Offer,
  Problem,
  ProblemCode,
  Progress,
  Quotas,
  RerunRequest,
  Resources,
  Role,
  Secrets,
  Token,
  TokenRequest,
  TroubledAgent,
  Waiting,
  WaitingJobs,
  WaitingReasonCount,
} as const satisfies Readonly<Record<string, z.ZodType>>;

/** What one of them may look like when it comes in, as JSON Schema (2020-12). Rules that JSON Schema cannot say are missing in it. */
export function toJsonSchema(name: keyof typeof protocolSchemas): JsonObject {
  const { '~standard': _, ...schema } = z.toJSONSchema(protocolSchemas[name], { io: 'input' });
  return schema as JsonObject;
}
