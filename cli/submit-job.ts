import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobRequest } from '../client/client.ts';
import type { Job } from '../protocol/job.ts';
import { JsonObject } from '../protocol/json.ts';
import { parseLabelsText } from '../protocol/labels-text.ts';
import { parseJson } from '../protocol/parse.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { readCallerTrace } from './caller-trace.ts';
import type { Context } from './context.ts';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';
import { toParameters } from './job-parameters.ts';
import { readSecrets } from './job-secrets.ts';
import { findKnownAutomation } from './known-automation.ts';

/** What may be typed about a job, as commander reads it. Times are in seconds. */
export interface RequestOptions {
  readonly parameter: readonly string[];
  /** Path of a file with all of them; `-` is standard input. */
  readonly parametersFile?: string;
  readonly secret: readonly string[];
  readonly selector: readonly string[];
  readonly priority?: number;
  readonly timeout?: number;
  readonly expires?: number;
  readonly retry?: number;
  readonly retryOn: readonly string[];
  readonly label: readonly string[];
  readonly idempotencyKey?: string;
  readonly queueUnknown?: true;
}

/** So often a job is submitted to a hub that has no room for it. */
const maxTries = 6;
/** A hub that asks for a longer wait is not waited for. */
const maxAskedMs = 60_000;
const jitterMs = 1_000;

/**
 * Makes a job of what was typed, and answers it as the hub has it. An automation that nobody offers is refused here, with the nearest name,
 * unless `queueUnknown` is set. Rejects with `Failure` or `ApiError`.
 */
export async function submitJob(
  api: ApiClient,
  { environment, stderr }: Context,
  options: RequestOptions & { readonly automation: string },
): Promise<Job> {
  const labels = parseLabelsText(options.label.join(','));
  if (labels === undefined) {
    throw new Failure(
      exitCodes.usage,
      `--label: expected key=value, such as ticket=42; got ${JSON.stringify(options.label.join(','))}`,
      ['Labels of the job itself; -l (--selector) says which agents may take it'],
    );
  }
  const secrets = readSecrets(options.secret, environment);
  const { parametersFile } = options;
  const base = parametersFile === undefined ? {} : readParameters('--parameters', parametersFile);
  const known = options.queueUnknown === true ? null : await findKnownAutomation(api, options.automation);
  for (const name of secrets.exposed) {
    const warning = `warning: the secret ${name} stands on the command line, where others on this machine can read it; better: -s ${name}=@file`;
    await stderr.line(stderr.paint('yellow', warning));
  }
  const request = {
    automation: options.automation,
    parameters: toParameters({
      base,
      pairs: options.parameter,
      schema: known?.parameters ?? null,
      readFile: (path) => readParameters('-p', path),
    }),
    secrets: secrets.values,
    selector: options.selector.join(','),
    priority: options.priority,
    timeoutSeconds: options.timeout,
    expiresInSeconds: options.expires,
    retry: toRetry(options),
    labels,
  };
  const headers = { idempotencyKey: options.idempotencyKey ?? randomUUID(), ...readCallerTrace(environment) };
  return withPatience(() => api.submitJob(request, headers), stderr);
}

/** A hub that answers, and asks to be asked later, is asked again a few times; each time a person reads why and for how long. */
async function withPatience<T>(submit: () => Promise<T>, stderr: Context['stderr']): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await submit();
    } catch (error) {
      const askedMs = error instanceof ApiError && error.isPassing ? error.retryAfterMs : null;
      if (!(error instanceof ApiError) || askedMs === null || askedMs > maxAskedMs || tries >= maxTries) throw error;
      const waitMs = askedMs + Math.random() * jitterMs;
      await stderr.line(`the hub takes no job now: ${error.message}; trying again in ${Math.ceil(waitMs / 1000)} s`);
      await delay(waitMs);
    }
  }
}

function readParameters(option: string, path: string): JsonObject {
  try {
    return parseJson(JsonObject, readFileSync(path === '-' ? 0 : path), 'parameters');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof ProtocolError) {
      throw new Failure(exitCodes.usage, `${option} ${path}: ${why}`, [
        'Expected one JSON object, such as {"name": "ada"}',
      ]);
    }
    throw new Failure(exitCodes.usage, `${option} ${path}: expected a file that can be read (${why})`, [
      'Check the path; - stands for standard input',
    ]);
  }
}

/** The hub refuses what is none of them, and names them. */
type RetryCauses = NonNullable<JobRequest['retry']>['on'];

function toRetry({ retry, retryOn }: RequestOptions): JobRequest['retry'] {
  if (retry === undefined && retryOn.length > 0) {
    throw new Failure(exitCodes.usage, '--retry-on says when; expected --retry beside it, which says how often');
  }
  return retry === undefined
    ? undefined
    : { limit: retry, on: retryOn.length > 0 ? (retryOn as RetryCauses) : ['agent-lost'] };
}
