import { z } from 'zod';
import { Job } from '../../../protocol/job.ts';
import { type JobState, jobStates } from '../../../protocol/job-state.ts';
import { LabelKey, LabelValue } from '../../../protocol/labels.ts';
import { Name } from '../../../protocol/names.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { toJob } from '../job-view.ts';
import { PageQuery, pageOf } from '../page-query.ts';
import { manyOf, Texts } from '../words-query.ts';

const maxLabels = 20;

const LabelFilter = z.string().transform((text, context) => {
  const [key = '', ...rest] = text.split('=');
  const label = z.object({ key: LabelKey, value: LabelValue }).safeParse({ key, value: rest.join('=') });
  if (label.success && rest.length > 0) return label.data;
  context.addIssue({ code: 'custom', message: 'expected "key=value"' });
  return z.NEVER;
});

const JobsQuery = PageQuery.extend({
  state: manyOf(jobStates)
    .meta({ parameter: { type: 'array', items: { $ref: '#/components/schemas/JobState' } } })
    .describe('one or more, repeated or with commas between'),
  automation: Name.nullable().default(null).describe('the name of an automation'),
  agent: Name.nullable().default(null).describe("an agent's name"),
  label: Texts.pipe(z.array(LabelFilter).max(maxLabels))
    .meta({ parameter: { type: 'array', maxItems: maxLabels, items: { type: 'string' } } })
    .describe('key=value; repeated: all must hold'),
});

/** `GET /jobs`, the newest first. */
export function listJobs(app: ApiServer, context: ApiContext): void {
  app.get(
    '/jobs',
    {
      config: { access: 'read-jobs' },
      schema: {
        operationId: 'listJobs',
        summary: 'List jobs',
        description: 'The newest first. A page may hold fewer than `limit`, even none, and still have a `nextCursor`.',
        tags: ['jobs'],
        querystring: JobsQuery,
        response: { 200: pageOf(Job) },
      },
    },
    async (request) => {
      const { state, automation, agent, label, limit, cursor } = request.query;
      const states: readonly JobState[] = [...new Set(state)];
      const filter = { states, automation, agent, labels: label };
      const page = await context.store.queries.jobs(principalOf(request).account, filter, { limit, cursor });
      return {
        items: await Promise.all(page.items.map((job) => toJob(job, context))),
        nextCursor: page.nextCursor,
      };
    },
  );
}
