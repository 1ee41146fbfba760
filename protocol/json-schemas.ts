import { z } from 'zod';
import { Agent, Automation } from './agent.ts';
import { AgentDesired, AgentReport } from './agent-report.ts';
import { AttemptResult } from './attempt-result.ts';
import { AutomationSummary } from './automation-summary.ts';
import { CloudEvent } from './cloud-event.ts';
import { EnrolmentAnswer, EnrolmentRequest } from './enrolment.ts';
import { Facts, FactsChange, FactsReport } from './facts.ts';
import { AgentHello, HubHello } from './hello.ts';
import { Job, JobRequest } from './job.ts';
import { JobDocument, Secrets } from './job-document.ts';
import type { JsonObject } from './json.ts';
import { Labels } from './labels.ts';
import { AttemptReport, Offer } from './offer.ts';
import { Problem } from './problem.ts';
import { AgentTextFrame, HubFrame } from './session-frame.ts';

/** Everything that travels as JSON, by name. */
export const protocolSchemas = {
  Agent,
  AgentDesired,
  AgentHello,
  AgentReport,
  AgentTextFrame,
  AttemptReport,
  AttemptResult,
  Automation,
  AutomationSummary,
  CloudEvent,
  EnrolmentAnswer,
  EnrolmentRequest,
  Facts,
  FactsChange,
  FactsReport,
  HubFrame,
  HubHello,
  Job,
  JobDocument,
  JobRequest,
  Labels,
  Offer,
  Problem,
  Secrets,
} as const satisfies Readonly<Record<string, z.ZodType>>;

/** What one of them may look like when it comes in, as JSON Schema (2020-12). Rules that JSON Schema cannot say are missing in it. */
export function toJsonSchema(name: keyof typeof protocolSchemas): JsonObject {
  const { '~standard': _, ...schema } = z.toJSONSchema(protocolSchemas[name], { io: 'input' });
  return schema as JsonObject;
}
