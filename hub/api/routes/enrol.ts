import type { FastifyRequest } from 'fastify';
import { EnrolmentAnswer, EnrolmentRequest } from '../../../protocol/enrolment.ts';
import { readClientCertificate } from '../../../transports/client-certificate.ts';
import { parseBearerToken } from '../../identity/bearer-token.ts';
import type { EnrolmentOutcome } from '../../identity/enrolment.ts';
import { hashToken } from '../../identity/token-text.ts';
import { originOf } from '../actor-of.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';

const proofPattern = /^[A-Za-z0-9+/]{86}==$/;

/** `POST /v1/enrol`, for agents: public, because the join token is its own permission. */
export function enrol(app: ApiServer, context: ApiContext): void {
  app.post(
    '/v1/enrol',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'enrolAgent',
        summary: 'Enrol an agent',
        description: 'For agents, once: the join token is the bearer token of the request. The same key may ask again.',
        tags: ['agents'],
        security: [{ joinToken: [] }],
        takes: ['FarhandProof'],
        body: EnrolmentRequest,
        response: { 201: EnrolmentAnswer, 200: EnrolmentAnswer },
        answers: { 200: { description: 'It was enrolled before, with this key' } },
        problems: [
          'token-missing',
          'join-token-invalid',
          'agent-credential-invalid',
          'client-certificate-invalid',
          'labels-not-allowed',
          'name-taken',
        ],
      },
      // Before the body is looked at: whoever has no join token learns nothing about bodies.
      preParsing: async (request) => {
        readJoinToken(request);
      },
    },
    async (request, reply) => {
      const joinToken = readJoinToken(request);
      const outcome = await context.enrol({
        joinToken,
        request: request.body,
        proof: readProof(request),
        certificate: readClientCertificate(request.raw.socket),
        origin: originOf(request),
      });
      if (outcome.type === 'token-invalid') context.rates.countFailure(request);
      if (!('answer' in outcome)) {
        const token = await context.store.queries.joinTokenByHash(hashToken(joinToken));
        const subject = token === null ? null : { account: token.account, object: `join-token:${token.id}` };
        context.refusals.note({ door: 'enrolment', remote: request.remote, subject });
        throw toProblem(outcome);
      }
      context.logger.info(
        { agent: outcome.answer.id, name: outcome.answer.name, outcome: outcome.type },
        'agent enrolled',
      );
      return reply.code(outcome.type === 'enrolled' ? 201 : 200).send(outcome.answer);
    },
  );
}

function readJoinToken(request: FastifyRequest): string {
  const bearer = parseBearerToken(request.headers.authorization);
  if (bearer.type === 'token') return bearer.token;
  const code = bearer.type === 'missing' ? 'token-missing' : 'join-token-invalid';
  throw new ApiProblem(code, 'send the header "Authorization: Bearer <join token>"', {
    headers: { 'www-authenticate': 'Bearer' },
  });
}

function readProof(request: FastifyRequest): string {
  const proof = request.headers['farhand-proof'];
  if (typeof proof === 'string' && proofPattern.test(proof)) return proof;
  throw new ApiProblem('header-invalid', 'Farhand-Proof: expected the base64 of an Ed25519 signature');
}

function toProblem(outcome: Exclude<EnrolmentOutcome, { readonly answer: EnrolmentAnswer }>): ApiProblem {
  switch (outcome.type) {
    case 'token-invalid':
      return new ApiProblem('join-token-invalid', 'the join token is unknown, expired or used up; ask for a new one', {
        headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
      });
    case 'key-invalid': {
      const message = 'expected an Ed25519 public key as SPKI in base64';
      return new ApiProblem('request-invalid', `/publicKey: ${message}`, {
        errors: [{ pointer: '/publicKey', message }],
      });
    }
    case 'proof-invalid':
      return new ApiProblem(
        'agent-credential-invalid',
        'Farhand-Proof: the signature is not of this key, or over another text',
      );
    case 'name-taken':
      return new ApiProblem(
        'name-taken',
        'an agent with this name and another key is enrolled; give this one another name',
      );
    case 'certificate-of-another':
      return new ApiProblem('client-certificate-invalid', outcome.message);
    case 'labels-not-allowed':
      return new ApiProblem(
        'labels-not-allowed',
        `the join token does not let an agent claim ${outcome.labels.join(', ')}`,
      );
  }
}
