import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../../../runtime/configuration/loopback.ts';
import { metricsMediaType, toMetricsText } from '../../../runtime/metrics-text.ts';
import { defaultAccount } from '../../account.ts';
import { admit } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';

/** Headers by which proxies say that they ask for somebody else. */
const forwarding = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];

/**
 * `/metrics`. Who asks from this machine, for himself, needs no token: a collector beside the hub just works. Everybody else shows a token of
 * the hub's own account, because the numbers are those of all accounts.
 */
export function metrics(app: ApiServer, { metrics: source, signIn }: ApiContext): void {
  app.get(
    '/metrics',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getMetrics',
        summary: 'Get numbers for Prometheus',
        description: 'From the machine of the hub without a token; from elsewhere with one of the account `default`.',
        tags: ['health'],
        security: [{}, { token: [] }],
        answers: { 200: { description: 'Text format 0.0.4', media: 'text/plain' } },
        problems: ['token-missing', 'token-invalid', 'not-allowed'],
      },
      onRequest: async (request) => {
        if (isFromHere(request)) return;
        const { account } = await admit(signIn, request);
        if (account !== defaultAccount)
          throw new ApiProblem('not-allowed', `the metrics take a token of the account ${defaultAccount}`);
      },
    },
    async (_request, reply) => reply.type(metricsMediaType).send(toMetricsText(source.toMetrics())),
  );
}

function isFromHere({ raw, headers }: FastifyRequest): boolean {
  const peer = (raw.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  // A page of elsewhere, whose name was made to lead here, has its own name in `Host`.
  const name = (headers.host ?? '').replace(/:\d*$/, '');
  return isLoopback(peer) && isLoopback(name) && forwarding.every((header) => headers[header] === undefined);
}
