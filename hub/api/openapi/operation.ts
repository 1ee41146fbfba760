import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../../protocol/json.ts';
import { Problem, type ProblemCode, problems } from '../../../protocol/problem.ts';
import { type Permission, rolesWith } from '../../identity/permissions.ts';
import { problemMediaType } from '../api-problem.ts';
import { EmptyBody } from '../empty-body.ts';
import { type RequestHeader, type ResponseHeader, requestHeaders, responseHeaders } from './headers.ts';
import type { NamedSchemas } from './named-schemas.ts';
import type { DescribedAnswer } from './route-schema.ts';

/** One route, as `onRoute` tells of it. */
export interface DescribedRoute {
  readonly method: string;
  readonly url: string;
  readonly schema: FastifySchema;
  readonly access: Permission | 'public';
  readonly isUnlimited: boolean;
}

/** Problems that have a header, which says how to go on. */
const problemHeaders: Partial<Record<ProblemCode, ResponseHeader>> = {
  'token-missing': 'WWW-Authenticate',
  'token-invalid': 'WWW-Authenticate',
  'join-token-invalid': 'WWW-Authenticate',
  'range-not-satisfiable': 'Content-Range',
  'too-many': 'Retry-After',
  unavailable: 'Retry-After',
};

/** Every zod schema of a route. */
export function schemasOf({ schema }: DescribedRoute): readonly z.ZodType[] {
  const { params, querystring, body, response = {}, answers = {} } = schema;
  const events = Object.values(answers).map(({ eventData }) => eventData);
  return [params, querystring, body, ...Object.values(response as object), ...events].filter(isSchema);
}

/** A route as an OpenAPI operation. */
export function toOperation(route: DescribedRoute, schemas: NamedSchemas): JsonObject {
  const { schema, access } = route;
  const { operationId = '', summary = '', description, tags = [], security, body } = schema;
  const roles = access === 'public' ? [] : rolesWith(access);
  const words = [description, roles.length === 0 ? undefined : `Roles: ${roles.join(', ')}.`].filter(Boolean);
  const parameters = toParameters(route, schemas);
  return {
    operationId,
    summary,
    ...(words.length === 0 ? {} : { description: words.join('\n\n') }),
    tags: [...tags],
    ...(security === undefined
      ? access === 'public'
        ? { security: [] }
        : {}
      : { security: security.map((one) => ({ ...one }) as JsonObject) }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(isSchema(body) && body !== EmptyBody ? { requestBody: toRequestBody(body, schemas) } : {}),
    responses: toResponses(route, schemas),
  };
}

function toRequestBody(body: z.ZodType, schemas: NamedSchemas): JsonObject {
  // No body is read as an object without members.
  const required = !body.safeParse({}).success;
  return { required, content: { 'application/json': { schema: schemas.refer(body) } } };
}

function toParameters(route: DescribedRoute, schemas: NamedSchemas): JsonObject[] {
  const { params, querystring } = route.schema;
  return [
    ...(isSchema(params) ? toFields(params, 'path', schemas) : []),
    ...(isSchema(querystring) ? toFields(querystring, 'query', schemas) : []),
    ...headersOf(route).map((name) => ({ $ref: `#/components/parameters/${name}` })),
  ];
}

function headersOf(route: DescribedRoute): readonly RequestHeader[] {
  return [...(route.schema.takes ?? []), ...(answersEntityTag(route) ? (['IfNoneMatch'] as const) : [])];
}

function toFields(schema: z.ZodType, place: 'path' | 'query', schemas: NamedSchemas): JsonObject[] {
  const { properties = {}, required = [] } = schemas.resolve(schema);
  return Object.entries(properties as JsonObject).map(([name, value]) => {
    const { description, parameter, ...rest } = value as JsonObject;
    return {
      name,
      in: place,
      required: place === 'path' || (required as readonly string[]).includes(name),
      ...(description === undefined ? {} : { description }),
      schema: (parameter as JsonObject | undefined) ?? withoutNull(rest),
    };
  });
}

/** Null is what a parameter is that was not sent; nobody can send it. */
function withoutNull(schema: JsonObject): JsonObject {
  const rest = Object.fromEntries(
    Object.entries(schema).filter(([key, value]) => key !== 'anyOf' && !(key === 'default' && value === null)),
  );
  const { anyOf } = schema;
  if (!Array.isArray(anyOf)) return rest;
  const others = (anyOf as readonly JsonObject[]).filter(({ type }) => type !== 'null');
  return others.length === 1 ? { ...rest, ...others[0] } : { ...rest, anyOf: others };
}

function toResponses(route: DescribedRoute, schemas: NamedSchemas): JsonObject {
  const { answers = {}, response = {} } = route.schema;
  const bodies = response as Readonly<Record<string, unknown>>;
  const responses: Record<string, JsonValue> = {};
  for (const status of new Set([...Object.keys(answers), ...Object.keys(bodies)])) {
    const answer = answers[Number(status)] ?? { description: defaultWords[status] ?? 'Done' };
    responses[status] = toResponse(route, { status, answer, body: bodies[status] }, schemas);
  }
  if (answersEntityTag(route)) responses['304'] = { description: 'It is still what `If-None-Match` names' };
  for (const [status, codes] of groupByStatus(problemsOf(route))) responses[status] = toProblemResponse(codes, schemas);
  return responses;
}

const defaultWords: Readonly<Record<string, string>> = { 200: 'It is this', 201: 'It was made', 202: 'It is stored' };

function toResponse(
  route: DescribedRoute,
  { status, answer, body }: { readonly status: string; readonly answer: DescribedAnswer; readonly body: unknown },
  schemas: NamedSchemas,
): JsonObject {
  const names = [...(answer.headers ?? []), ...(status === '200' && answersEntityTag(route) ? ['ETag'] : [])];
  const headers = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
  const content =
    answer.media !== undefined
      ? { [answer.media]: toStreamMedia(answer, schemas) }
      : isSchema(body)
        ? { 'application/json': { schema: schemas.refer(body) } }
        : undefined;
  return {
    description: answer.description,
    ...(names.length === 0 ? {} : { headers }),
    ...(content === undefined ? {} : { content }),
  };
}

function toStreamMedia({ eventData }: DescribedAnswer, schemas: NamedSchemas): JsonObject {
  const data = eventData === undefined ? {} : { 'x-event-data': schemas.refer(eventData) };
  return { schema: { type: 'string' }, ...data };
}

function toProblemResponse(codes: readonly ProblemCode[], schemas: NamedSchemas): JsonObject {
  const names = [...new Set(codes.flatMap((code) => problemHeaders[code] ?? []))];
  const headers = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
  return {
    description: codes.map((code) => `\`${code}\`: ${problems[code].title}`).join('; '),
    ...(names.length === 0 ? {} : { headers }),
    content: { [problemMediaType]: { schema: schemas.refer(Problem) } },
    'x-problem-codes': codes,
  };
}

/** What a route may answer beside what it is for, as follows from what it takes. */
function problemsOf(route: DescribedRoute): readonly ProblemCode[] {
  const { params, querystring, body, problems: own = [] } = route.schema;
  const codes = new Set<ProblemCode>(['header-invalid', 'internal', 'unavailable']);
  const add = (...more: readonly ProblemCode[]) => more.forEach((code) => codes.add(code));
  if (!route.isUnlimited) add('too-many');
  if (route.access !== 'public') add('token-missing', 'token-invalid', 'not-allowed');
  if (isSchema(params)) add('not-found');
  if (isSchema(querystring)) {
    add('query-invalid');
    if (querystring instanceof z.ZodObject && 'cursor' in querystring.shape) add('cursor-invalid');
  }
  if (isSchema(body)) add('json-invalid', 'request-invalid', 'too-large', 'unsupported-media-type');
  add(...own);
  return [...codes];
}

function groupByStatus(codes: readonly ProblemCode[]): Map<number, ProblemCode[]> {
  return Map.groupBy(codes, (code) => problems[code].status);
}

/** Every `GET` of the API that answers one JSON document. */
function answersEntityTag({ method, schema, access }: DescribedRoute): boolean {
  return method === 'GET' && access !== 'public' && schema.answers?.[200]?.media === undefined;
}

/** `components.parameters` and `components.headers`. */
export const headerComponents = {
  parameters: requestHeaders as unknown as JsonObject,
  headers: responseHeaders as unknown as JsonObject,
};

function isSchema(value: unknown): value is z.ZodType {
  return value instanceof z.ZodType;
}
