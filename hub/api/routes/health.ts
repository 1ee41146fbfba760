import { z } from 'zod';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';

const Health = z.object({ status: z.literal('ok') });

/** `/livez`: the process answers. `/readyz`: it does its work. Both public and without a word more. */
export function health(app: ApiServer, { hubView }: ApiContext): void {
  const options = { config: { access: 'public' as const }, schema: { tags: ['health'], response: { 200: Health } } };
  app.get('/livez', options, async () => ({ status: 'ok' as const }));
  app.get('/readyz', options, async () => {
    if (!hubView.isReady())
      throw new ApiProblem('unavailable', 'the hub is starting or stopping, or its store failed', {
        headers: { 'retry-after': '1' },
      });
    return { status: 'ok' as const };
  });
}
