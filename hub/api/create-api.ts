import fastify, { type FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { toServerBounds } from '../../runtime/listening/server-bounds.ts';
import type { ParameterSchemas } from '../fleet/parameter-schemas.ts';
import { createEnrolment } from '../identity/enrolment.ts';
import { noteUserRefusals } from '../identity/noted-refusals.ts';
import { createSecretBox } from '../identity/secret-box.ts';
import type { SecretKey } from '../identity/secret-key.ts';
import { createUserAuthenticator, type JudgeUserToken } from '../identity/user-authenticator.ts';
import { AccountQuotas, noLimits } from '../quotas/account-quotas.ts';
import { createAccessHook, requireDeclaredAccess } from './access.ts';
import type { ApiContext } from './api-context.ts';
import { type ApiLimits, defaultApiLimits } from './api-limits.ts';
import { ApiProblem } from './api-problem.ts';
import type { ApiServer } from './api-server.ts';
import { AuditWatch } from './audit-watch.ts';
import { checkHeaders } from './check-headers.ts';
import { answerClientError } from './client-error.ts';
import { refuseIdleCondition, tagAnswer } from './entity-tag.ts';
import { createErrorHandler, sendProblem, toApiProblem, unsupportedMediaType } from './error-handler.ts';
import { EventPlaces } from './event-places.ts';
import { refuseExpectation } from './expectation.ts';
import { JobWatch } from './job-watch.ts';
import { parseJsonBody } from './json-body.ts';
import { KnownRoutes } from './known-routes.ts';
import { NoQuery } from './no-query.ts';
import { ApiDescription } from './openapi/api-description.ts';
import { createParameterCheck } from './parameter-check.ts';
import { CallerConnections } from './rates/caller-connections.ts';
import { limitSignIns } from './rates/limit-sign-ins.ts';
import { RequestRates } from './rates/request-rates.ts';
import { createRequestDigest } from './request-digest.ts';
import { readRequestId, requestIdHeader } from './request-id.ts';
import { validateByZod } from './request-validation.ts';
import { apiRoutes, rootRoutes } from './routes.ts';
import { createStallHook } from './stall-hook.ts';
import { SubmissionGate } from './submission-gate.ts';

export interface ApiOptions
  extends Pick<
    ApiContext,
    | 'store'
    | 'logs'
    | 'hubView'
    | 'offerAtOnce'
    | 'clock'
    | 'random'
    | 'logger'
    | 'metrics'
    | 'readers'
    | 'publicBase'
    | 'clientAddress'
    | 'refusals'
    | 'know'
  > {
  readonly secretKey: SecretKey;
  readonly schemas: ParameterSchemas;
  /** Left out: each account may have as many queued jobs as `limits` says, and no bound else. */
  readonly quotas?: AccountQuotas;
  /** Left out or null where no issuer is believed. */
  readonly judgeUserToken?: JudgeUserToken | null;
  /** Of the hub, for the description of the API. */
  readonly version: string;
  readonly limits?: Partial<ApiLimits>;
}

const apiPrefix = '/api/v1';

/**
 * The hub's HTTP API. Call `listen` on it, or `ready` and use its `server`, which also takes an `upgrade` listener for websockets.
 * `close` breaks off everybody who still reads.
 */
export function createApi(options: ApiOptions): ApiServer {
  const context = createContext(options);
  const { logger, limits } = context;
  const app: ApiServer = fastify({
    bodyLimit: limits.bodyBytes,
    requestIdHeader: false,
    genReqId: (request) => readRequestId(request, options.random),
    requestTimeout: limits.requestMs,
    forceCloseConnections: true,
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, toApiProblem(error, logger)),
    http: {
      ...toServerBounds(limits.requestMs),
      // Node's own answer to its absence is no problem document: see `checkHeaders`.
      requireHostHeader: false,
      // Some clients offer HTTP/2 by an upgrade that may be left alone.
      shouldUpgradeCallback: ({ headers }) =>
        headers.upgrade?.toLowerCase() === 'websocket' && app.server.listenerCount('upgrade') > 0,
    },
  });
  app.server.on('checkExpectation', refuseExpectation);
  const known = new KnownRoutes();

  app.decorateRequest('principal', null);
  app.decorateRequest('remote', '');
  app.setValidatorCompiler<z.ZodType>(validateByZod);
  // What handlers answer is typed by the same schemas; checking it again would only turn good answers into errors.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.setErrorHandler(createErrorHandler(logger));
  takeOnlyStrictJson(app, limits);

  app.addHook('onRoute', (route) => {
    requireDeclaredAccess(route);
    if (route.config?.access !== 'public') route.schema = { querystring: NoQuery, ...route.schema };
    known.add(route);
    context.description.add(route);
  });
  app.addHook('onRequest', async (request, reply) => {
    request.remote = context.clientAddress(request.socket.remoteAddress ?? '', (name) =>
      request.headers[name]?.toString(),
    );
    reply.headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', [requestIdHeader]: request.id });
  });
  app.addHook('onRequest', checkHeaders);
  app.addHook('onRequest', createAccessHook(context));
  const refuseUnknown = async (request: FastifyRequest) => {
    const allowed = known.methodsOf(request.url);
    if (allowed.length === 0)
      throw new ApiProblem('not-found', 'there is no such path; the API is below /api/v1, and /docs shows it');
    throw new ApiProblem('method-not-allowed', `expected ${allowed.join(' or ')}, got ${request.method}`, {
      headers: { allow: allowed.join(', ') },
    });
  };
  // Before a body is read, which may have its own mistakes.
  app.addHook('onRequest', async (request) => {
    if (request.is404) await refuseUnknown(request);
  });
  app.addHook('onRequest', refuseIdleCondition);
  app.addHook('preValidation', async (request) => {
    if (request.routeOptions.schema?.body !== undefined && request.body === undefined) request.body = {};
  });
  app.addHook('onSend', tagAnswer);
  app.addHook('onSend', createStallHook(context));
  app.addHook('onResponse', async (request, reply) => {
    const { url = null, schema } = request.is404 ? {} : request.routeOptions;
    const lasts = schema?.answers?.[200]?.media !== undefined;
    const { method } = request;
    const tookMs = lasts ? null : reply.elapsedTime;
    context.metrics.answered({ method, route: url, status: reply.raw.statusCode, tookMs });
  });
  app.setNotFoundHandler(refuseUnknown);
  app.addHook('preClose', () => context.readers.close());
  app.addHook('onClose', async () => {
    context.jobWatch[Symbol.dispose]();
    context.auditWatch[Symbol.dispose]();
  });

  void app.register(
    async (scope: ApiServer) => {
      for (const route of apiRoutes) route(scope, context);
    },
    { prefix: apiPrefix },
  );
  void app.register(async (scope: ApiServer) => {
    for (const route of rootRoutes) route(scope, context);
  });
  return app;
}

function createContext(options: ApiOptions): ApiContext {
  const { store, logs, hubView, secretKey, clock, random } = options;
  const logger = options.logger.child({ scope: 'api' });
  const limits = { ...defaultApiLimits, ...options.limits };
  const rates = new RequestRates({ limits, metrics: options.metrics, clock });
  const judgeUserToken = options.judgeUserToken ?? null;
  const quotas = options.quotas ?? new AccountQuotas({ ...noLimits, queuedJobs: limits.queuedJobs });
  return {
    store,
    logs,
    hubView,
    offerAtOnce: options.offerAtOnce,
    secretBox: createSecretBox(secretKey, random),
    enrol: createEnrolment({ store, clock, random }),
    checkParameters: createParameterCheck(hubView, options.schemas),
    digestRequest: createRequestDigest(secretKey),
    submissions: new SubmissionGate({ view: hubView, store, metrics: options.metrics, random, limits, quotas }),
    quotas,
    auditWatch: new AuditWatch(store),
    places: new EventPlaces(secretKey),
    jobWatch: new JobWatch(store),
    metrics: options.metrics,
    signIn: limitSignIns(noteUserRefusals(createUserAuthenticator({ store, clock, judgeUserToken }), options), {
      failures: rates.failures,
      onDeferred: () => options.metrics.refusals.request('failed-sign-ins'),
    }),
    rates,
    connections: new CallerConnections({ limits, metrics: options.metrics }),
    refusals: options.refusals,
    know: options.know,
    description: new ApiDescription(options.version),
    readers: options.readers,
    publicBase: options.publicBase,
    clientAddress: options.clientAddress,
    clock,
    random,
    logger,
    limits,
  };
}

function takeOnlyStrictJson(app: ApiServer, limits: ApiLimits): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    const { 'content-encoding': encoding = 'identity', 'content-type': type = '' } = request.headers;
    const charset = /;\s*charset="?([^";\s]+)/i.exec(type)?.[1] ?? 'utf-8';
    if (encoding !== 'identity' || !/^utf-?8$/i.test(charset)) throw unsupportedMediaType();
    return body.length === 0 ? undefined : parseJsonBody(body, limits.jsonDepth);
  });
}
