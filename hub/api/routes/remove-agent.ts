import { principalOf } from '../access.ts';
import { actorOf } from '../actor-of.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem, notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { AgentPath } from './agent-path.ts';

/** `DELETE /agents/{name}`: from then on the hub knows nothing of it but what its jobs and the audit say. */
export function removeAgent(app: ApiServer, { store, clock }: ApiContext): void {
  app.delete(
    '/agents/:name',
    {
      config: { access: 'revoke-agents' },
      schema: {
        operationId: 'removeAgent',
        summary: 'Remove an agent',
        description:
          'One that is offline and whose jobs are over, by name; one that was revoked by its id, too. If it comes back all the same it has to join anew.',
        tags: ['agents'],
        params: AgentPath,
        answers: { 204: { description: 'It is gone' } },
        problems: ['agent-in-use'],
      },
    },
    async (request, reply) => {
      const result = await store.apply('remove-agent', {
        account: principalOf(request).account,
        nameOrId: request.params.name,
        actor: actorOf(request),
        at: clock.now(),
      });
      switch (result.type) {
        case 'not-found':
          throw notFound('agent');
        case 'online':
          throw new ApiProblem('agent-in-use', 'the agent is online; stop it first, or revoke it');
        case 'has-jobs':
          throw new ApiProblem(
            'agent-in-use',
            `${result.jobs} attempts of jobs are open on it; wait until they are over, or revoke it with loseJobs`,
          );
        case 'removed':
          return reply.code(204).send();
      }
    },
  );
}
