import { allItems, type ListPage, type PageQuery } from '../client/client.ts';
import type { Agent, Automation } from '../protocol/agent.ts';
import type { Facts, FactsChange } from '../protocol/facts.ts';
import type { Job } from '../protocol/job.ts';
import type { JobState } from '../protocol/job-state.ts';
import type { ApiClient } from './api-client.ts';
import type { CallerTrace } from './caller-trace.ts';

const maxPageSize = 500;

/** The newest first. Several labels must all hold. */
export interface JobFilter {
  readonly state?: JobState | undefined;
  readonly automation?: string | undefined;
  readonly agent?: string | undefined;
  readonly label?: readonly string[] | undefined;
}

export function fetchJobs(api: ApiClient, { state, ...filter }: JobFilter, limit: number): Promise<readonly Job[]> {
  const query = { ...filter, state: state === undefined ? undefined : [state] };
  return fetchItems(api.listJobs, query, limit);
}

export function fetchJob(api: ApiClient, id: string, signal?: AbortSignal): Promise<Job> {
  return api.getJob(id, { signal });
}

export function fetchAgents(api: ApiClient, limit = Number.POSITIVE_INFINITY): Promise<readonly Agent[]> {
  return fetchItems(api.listAgents, {}, limit);
}

export function fetchRevokedAgents(api: ApiClient): Promise<readonly Agent[]> {
  return fetchItems(api.listAgents, { revoked: true }, Number.POSITIVE_INFINITY);
}

export function fetchAgent(api: ApiClient, name: string, signal?: AbortSignal): Promise<Agent> {
  return api.getAgent(name, { signal });
}

/** Asks for an agent to take no more work (`drain`), or work again (`resume`). Answers it as the hub has it now. */
export function wishOfAgent(
  api: ApiClient,
  name: string,
  { wish, note }: { readonly wish: 'drain' | 'resume'; readonly note: string | null },
): Promise<Agent> {
  return wish === 'drain' ? api.drainAgent(name, { note }) : api.resumeAgent(name, { note });
}

/** Another job that asks for the same. */
export function rerunJob(
  api: ApiClient,
  id: string,
  given: { readonly secrets: Readonly<Record<string, string>>; readonly trace: CallerTrace },
): Promise<Job> {
  return api.rerunJob(id, { secrets: given.secrets }, given.trace);
}

export async function fetchAutomations(api: ApiClient): Promise<readonly Automation[]> {
  return (await api.listAutomations()).items;
}

/** Of all probes of the agent. */
export function fetchAllFacts(api: ApiClient, agent: string): Promise<readonly Facts[]> {
  const list: ListPage<PageQuery, Facts> = (query) => api.listFacts(agent, query);
  return fetchItems(list, {}, Number.POSITIVE_INFINITY);
}

export function fetchFacts(api: ApiClient, agent: string, probe: string): Promise<Facts> {
  return api.getFacts(agent, probe);
}

/** The newest first. */
export function fetchFactsHistory(
  api: ApiClient,
  { agent, probe, limit }: { readonly agent: string; readonly probe: string; readonly limit: number },
): Promise<readonly FactsChange[]> {
  const list: ListPage<PageQuery, FactsChange> = (query) => api.listFactsHistory(agent, probe, query);
  return fetchItems(list, {}, limit);
}

/** Over as many pages as it takes. */
export async function fetchItems<Query extends PageQuery, Item>(
  list: ListPage<Query, Item>,
  query: NoInfer<Query>,
  limit: number,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const item of allItems(list, { ...query, limit: Math.min(limit, maxPageSize) })) {
    items.push(item);
    if (items.length >= limit) break;
  }
  return items;
}
