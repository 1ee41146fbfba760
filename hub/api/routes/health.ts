import { Health } from '../../../protocol/health.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';

/**
 * `/livez`: the process answers, and none of its loops is stuck; whoever starts processes may start it again when not. `/readyz`: it does its
 * work; whoever sends callers away from one that does not must not do so while it waits for somebody who has to reach it. Both public: what they say of a trouble names nobody.
 */
export function health(app: ApiServer, { hubView }: ApiContext): void {
  const describe = (operationId: string, summary: string) => ({
    config: { access: 'public' as const, isUnlimited: true as const },
    schema: { operationId, summary, tags: ['health' as const], response: { 200: Health } },
  });
  const answer = (trouble: string | null, held: string | null = null) => {
    if (trouble !== null) throw new ApiProblem('unavailable', trouble, { headers: { 'retry-after': '1' } });
    return { status: 'ok' as const, ...(held === null ? {} : { held }) };
  };
  app.get('/livez', describe('getLiveness', 'Ask whether the process is well'), async () => answer(hubView.fault()));
  app.get('/readyz', describe('getReadiness', 'Ask whether the hub does its work'), async () =>
    answer(hubView.notReady(), hubView.held()),
  );
}
