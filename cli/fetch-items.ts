import { z } from 'zod';
import { Agent, Automation } from '../protocol/agent.ts';
import { Facts, FactsChange } from '../protocol/facts.ts';
import { Job } from '../protocol/job.ts';
import type { ApiClient } from './api-client.ts';

/** A newer hub may say more than this version knows: that is kept for `--json`. */
export const AnyJob = Job.loose();
const AnyAgent = Agent.loose();
const AnyAutomation = Automation.loose();
const AnyFacts = Facts.loose();
const AnyFactsChange = FactsChange.loose();

const maxPageSize = 500;

/** The newest first. Several labels must all hold. */
export interface JobFilter {
  readonly state?: string | undefined;
  readonly automation?: string | undefined;
  readonly agent?: string | undefined;
  readonly label?: readonly string[] | undefined;
}

export function fetchJobs(api: ApiClient, filter: JobFilter, limit: number): Promise<readonly Job[]> {
  const { label = [], ...single } = filter;
  const query = new URLSearchParams(label.map((text): [string, string] => ['label', text]));
  for (const [name, value] of Object.entries(single)) if (value !== undefined) query.set(name, value);
  return fetchItems(api, { path: '/jobs', query, limit }, AnyJob);
}

export function fetchJob(api: ApiClient, id: string, signal?: AbortSignal): Promise<Job> {
  return api.call({ path: `/jobs/${encodeURIComponent(id)}`, ...(signal === undefined ? {} : { signal }) }, AnyJob);
}

export function fetchAgents(api: ApiClient, limit = Number.POSITIVE_INFINITY): Promise<readonly Agent[]> {
  return fetchItems(api, { path: '/agents', query: new URLSearchParams(), limit }, AnyAgent);
}

export async function fetchAutomations(api: ApiClient): Promise<readonly Automation[]> {
  return (await api.call({ path: '/automations' }, z.object({ items: z.array(AnyAutomation) }))).items;
}

function toFactsPath(agent: string): string {
  return `/agents/${encodeURIComponent(agent)}/facts`;
}

/** Of all probes of the agent. */
export function fetchAllFacts(api: ApiClient, agent: string): Promise<readonly Facts[]> {
  const list = { path: toFactsPath(agent), query: new URLSearchParams(), limit: Number.POSITIVE_INFINITY };
  return fetchItems(api, list, AnyFacts);
}

export function fetchFacts(api: ApiClient, agent: string, probe: string): Promise<Facts> {
  return api.call({ path: `${toFactsPath(agent)}/${encodeURIComponent(probe)}` }, AnyFacts);
}

/** The newest first. */
export function fetchFactsHistory(
  api: ApiClient,
  { agent, probe, limit }: { readonly agent: string; readonly probe: string; readonly limit: number },
): Promise<readonly FactsChange[]> {
  const path = `${toFactsPath(agent)}/${encodeURIComponent(probe)}/history`;
  return fetchItems(api, { path, query: new URLSearchParams(), limit }, AnyFactsChange);
}

interface List {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly limit: number;
}

/** Over as many pages as it takes. */
async function fetchItems<T>(api: ApiClient, { path, query, limit }: List, item: z.ZodType<T>): Promise<readonly T[]> {
  const page = z.object({ items: z.array(item), nextCursor: z.string().nullable() });
  const items: T[] = [];
  for (let cursor: string | null = ''; cursor !== null && items.length < limit; ) {
    query.set('limit', String(Math.min(limit - items.length, maxPageSize)));
    if (cursor !== '') query.set('cursor', cursor);
    const answer: z.infer<typeof page> = await api.call({ path: `${path}?${query.toString()}` }, page);
    items.push(...answer.items);
    cursor = answer.nextCursor;
  }
  return items;
}
