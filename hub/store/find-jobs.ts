import type { AliasableExpression, Compilable, Kysely } from 'kysely';
import { type JobState, jobStates } from '../../protocol/job-state.ts';
import { all, first, type Program } from './program.ts';
import type { Schema } from './schema.ts';
import { adHocStatement } from './statement.ts';
import type { JobFilter } from './store.ts';

/** How many jobs one index gives to be looked at for one page: reads are short, however rare what is asked for. */
const maxLooked = 10_000;

interface Search {
  readonly account: string;
  readonly filter: JobFilter;
  /** The one state that this part of the search is for; null is any. */
  readonly state: JobState | null;
  readonly before: string | null;
}

interface Found {
  readonly id: string;
}

/** Ids from the index that fits best, newest first. */
function candidates(
  db: Kysely<Schema>,
  { account, filter, state, before }: Search,
  range: { readonly limit: number; readonly offset: number },
): AliasableExpression<Found> & Compilable<Found> {
  const [label] = filter.labels;
  if (label !== undefined) {
    return db
      .selectFrom('job_labels')
      .select('job_id as id')
      .where('account', '=', account)
      .where('key', '=', label.key)
      .where('value', '=', label.value)
      .$if(before !== null, (query) => query.where('job_id', '<', before ?? ''))
      .orderBy('job_id', 'desc')
      .limit(range.limit)
      .offset(range.offset);
  }
  const { agent, automation } = filter;
  return db
    .selectFrom('jobs')
    .select('id')
    .where('account', '=', account)
    .$if(agent !== null, (query) => query.where('agent_name', '=', agent))
    .$if(agent === null && automation !== null, (query) => query.where('automation', '=', automation ?? ''))
    .$if(state !== null, (query) => query.where('state', '=', state ?? 'queued'))
    .$if(before !== null, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(range.limit)
    .offset(range.offset);
}

/** Those of the candidates that the whole filter fits. */
function matches(search: Search, limit: number) {
  const { account, filter } = search;
  const [, ...moreLabels] = filter.labels;
  return adHocStatement((db) => {
    let query = db
      .selectFrom(candidates(db, search, { limit: maxLooked, offset: 0 }).as('candidate'))
      .innerJoin('jobs', 'jobs.id', 'candidate.id')
      .select('candidate.id');
    if (filter.labels.length > 0 && filter.states.length > 0) query = query.where('jobs.state', 'in', filter.states);
    if (filter.automation !== null) query = query.where('jobs.automation', '=', filter.automation);
    if (filter.agent !== null) query = query.where('jobs.agent_name', '=', filter.agent);
    for (const { key, value } of moreLabels) {
      query = query.where((build) =>
        build.exists(
          build
            .selectFrom('job_labels')
            .select('job_labels.job_id')
            .where('job_labels.account', '=', account)
            .where('job_labels.key', '=', key)
            .where('job_labels.value', '=', value)
            .whereRef('job_labels.job_id', '=', 'jobs.id'),
        ),
      );
    }
    return query.orderBy('candidate.id', 'desc').limit(limit);
  });
}

function lastCandidate(search: Search) {
  return adHocStatement((db) => candidates(db, search, { limit: 1, offset: maxLooked - 1 }));
}

/** Indexes hold one state after the other, except where a label leads or nothing but the account is asked for. */
function statesOf({ states, automation, agent, labels }: JobFilter): Iterable<JobState | null> {
  if (labels.length > 0) return [null];
  if (states.length > 0) return new Set(states);
  return automation === null && agent === null ? [null] : jobStates;
}

/**
 * Ids of a page of jobs, newest first. `end` is where the next page goes on: null when there is none. The page holds nothing
 * older than what every part of the search has looked at, so that no job is passed over.
 */
export function* findJobs(
  account: string,
  filter: JobFilter,
  page: { readonly limit: number; readonly before: string | null },
): Program<{ readonly ids: readonly string[]; readonly end: string | null }> {
  const found: string[] = [];
  let horizon: string | null = null;
  for (const state of statesOf(filter)) {
    const search = { account, filter, state, before: page.before };
    const ids = (yield* all(matches(search, page.limit + 1), {})).map(({ id }) => id);
    const looked = ids.length > page.limit ? { id: ids.at(-1) ?? '' } : yield* first(lastCandidate(search), {});
    if (looked !== null && (horizon === null || looked.id > horizon)) horizon = looked.id;
    found.push(...ids);
  }
  const sorted = found.sort((a, b) => (a < b ? 1 : -1)).filter((id) => horizon === null || id >= horizon);
  const ids = sorted.slice(0, page.limit);
  return { ids, end: sorted.length > page.limit ? (ids.at(-1) ?? null) : horizon };
}
