import type { Cause } from '../../protocol/cause.ts';
import type { JobRequest } from '../../protocol/job.ts';
import { beginTrace, type TraceHeaders } from '../begin-trace.ts';
import type { NewJob } from '../store/command.ts';
import type { ApiContext } from './api-context.ts';
import type { ApiLimits } from './api-limits.ts';
import { ApiProblem } from './api-problem.ts';

/** Bounds that the schema of a request does not know. Throws `ApiProblem`. */
export function checkRequestSize(request: JobRequest, limits: ApiLimits): void {
  refuseMore('secrets', Object.keys(request.secrets).length, limits.secrets);
  refuseMore('labels', Object.keys(request.labels).length, limits.labels);
}

/** What is stored of a request: its secrets sealed, its parameters checked. Throws `ApiProblem` (`parameters-invalid`). */
export function toNewJob(
  { clock, random, secretBox, checkParameters }: ApiContext,
  request: JobRequest,
  { account, headers }: { readonly account: string; readonly headers: TraceHeaders },
): NewJob {
  const id = random.orderedUuid();
  const { automation, parameters, expiresInSeconds } = request;
  return {
    id,
    account,
    automation,
    digest: checkParameters({ account, automation, parameters }),
    parameters,
    secretNames: Object.keys(request.secrets),
    secrets: secretBox.seal(id, request.secrets),
    selector: request.selector,
    priority: request.priority,
    labels: request.labels,
    timeoutSeconds: request.timeoutSeconds,
    expiresAt: expiresInSeconds === null ? null : Math.round(clock.now() + expiresInSeconds * 1000),
    retry: { limit: request.retry.limit, on: request.retry.on as Cause[] },
    ...beginTrace(id, headers, random),
  };
}

function refuseMore(name: string, count: number, limit: number): void {
  if (count <= limit) return;
  const message = `expected at most ${limit}, got ${count}`;
  throw new ApiProblem('request-invalid', `/${name}: ${message}`, { errors: [{ pointer: `/${name}`, message }] });
}
