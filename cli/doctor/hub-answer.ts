import { Problem } from '../../protocol/problem.ts';
import type { HttpAnswer } from './http-exchange.ts';

/** A problem in the hub's own words; null for anything else, such as a page of HTML. */
export function readProblem({ body }: HttpAnswer): Problem | null {
  try {
    return Problem.safeParse(JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}

/** Whether it is a hub's: ready, or a problem in its words. Nothing secret goes to whoever answers otherwise. */
export function isHubAnswer(answer: HttpAnswer): boolean {
  return isReady(answer) || readProblem(answer) !== null;
}

export function isReady({ status, body }: HttpAnswer): boolean {
  return status === 200 && /^\s*\{\s*"status"\s*:\s*"ok"/.test(body);
}

/** What answered, in a few words, when it was no hub. */
export function describeStranger({ status, headers, body }: HttpAnswer): string {
  const { location } = headers;
  if (status >= 300 && status < 400 && location !== undefined)
    return `${status}, a redirect to ${location.slice(0, 200)}`;
  const title = /<title>([^<]{1,80})<\/title>/i.exec(body)?.[1]?.trim();
  if (/<html|<!doctype html/i.test(body))
    return `${status} with a page of HTML${title === undefined ? '' : ` (“${title}”)`}`;
  return `${status} with ${body === '' ? 'nothing' : 'something'} that no hub says`;
}
