import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { defaultApiLimits } from '../../hub/api/api-limits.ts';
import { ApiProblem } from '../../hub/api/api-problem.ts';
import { parseJsonBody } from '../../hub/api/json-body.ts';
import { checkRequestSize } from '../../hub/api/new-job.ts';
import { toRequestIssues } from '../../hub/api/request-issues.ts';
import { JobRequest } from '../../protocol/job.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { toRequestFailure } from './request-failure.ts';

export interface ReadRequest {
  readonly request: JobRequest;
  /** What whoever gave the file should know, though it can be used. */
  readonly warnings: readonly string[];
}

const othersMayRead = 0o004;

/**
 * Reads a job document from a file (a relative path starts at `folder`), or from standard input for `-`, by the rules that hold for the body of `POST /jobs`. Throws a `Failure` that
 * names each wrong place; nothing of what the document holds is quoted but names.
 */
export function readJobRequest(path: string, folder: string): ReadRequest {
  const bytes = readBytes(path, folder);
  const { bodyBytes, jsonDepth } = defaultApiLimits;
  if (bytes.length > bodyBytes) {
    throw new Failure(exitCodes.usage, `${name(path)}: expected at most ${bodyBytes} bytes, got ${bytes.length}`);
  }
  try {
    const parsed = JobRequest.safeParse(parseJsonBody(bytes, jsonDepth));
    if (!parsed.success) throw toRequestFailure(name(path), toRequestIssues(parsed.error, JobRequest));
    checkRequestSize(parsed.data, defaultApiLimits);
    return { request: parsed.data, warnings: findExposure(path, folder, parsed.data) };
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    throw error.errors.length > 0
      ? toRequestFailure(name(path), error.errors)
      : new Failure(exitCodes.usage, `${name(path)}: ${error.message}`);
  }
}

function readBytes(path: string, folder: string): Uint8Array {
  try {
    return readFileSync(path === '-' ? 0 : resolve(folder, path));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(exitCodes.usage, `${name(path)}: expected a job document that can be read (${why})`, [
      'It is what `POST /jobs` takes, such as {"automation": "hello", "parameters": {"name": "ada"}}',
    ]);
  }
}

function findExposure(path: string, folder: string, request: JobRequest): readonly string[] {
  if (path === '-' || Object.keys(request.secrets).length === 0) return [];
  if ((statSync(resolve(folder, path)).mode & othersMayRead) === 0) return [];
  return [`${path} holds secrets, and every user of this machine may read it: chmod 600 ${path}`];
}

function name(path: string): string {
  return path === '-' ? 'standard input' : path;
}
