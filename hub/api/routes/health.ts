import { Health } from '../../../protocol/health.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';

/** `/livez`: the process answers. `/readyz`: it does its work. Both public and without a word more. */
export function health(app: ApiServer, { hubView }: ApiContext): void {
  const describe = (operationId: string, summary: string) => ({
    config: { access: 'public' as const },
    schema: { operationId, summary, tags: ['health' as const], response: { 200: Health } },
  });
  app.get('/livez', describe('getLiveness', 'Ask whether the process answers'), async () => ({
    status: 'ok' as const,
  }));
  app.get('/readyz', describe('getReadiness', 'Ask whether the hub does its work'), async () => {
    if (!hubView.isReady())
      throw new ApiProblem('unavailable', 'the hub is starting or stopping, or its store failed', {
        headers: { 'retry-after': '1' },
      });
    return { status: 'ok' as const };
  });
}
