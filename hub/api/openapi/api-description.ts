import type { RouteOptions } from 'fastify';
import type { JsonObject } from '../../../protocol/json.ts';
import { Problem } from '../../../protocol/problem.ts';
import { NamedSchemas } from './named-schemas.ts';
import { type DescribedRoute, headerComponents, schemasOf, toOperation } from './operation.ts';
import { tags } from './tags.ts';

const words = `Runs jobs on machines that nobody can reach.

Errors are RFC 9457 problems with a stable \`code\`; \`x-problem-codes\` of a response names those that it may carry. Any request
may be answered with 408, 431 or 400 before its route is known, and a path that is not there with 404 or 405. Answers may grow:
ignore what is not known. A request may name itself by \`X-Request-Id\` (up to 128 letters, digits and \`._~+/=:@-\`), else the hub names it: the answer says how,
and so do problems, the log and the audit. Calls that stream (\`text/event-stream\`, followed logs) last until one side hangs up.`;

/** The OpenAPI 3.1 description of the API, made from the routes as they are registered. */
export class ApiDescription {
  readonly #version: string;
  readonly #routes: DescribedRoute[] = [];
  #document: JsonObject | null = null;

  /** `version` of the hub. */
  constructor(version: string) {
    this.#version = version;
  }

  /** Takes a route in. Throws when it does not say what it is called. */
  add(route: RouteOptions): void {
    for (const method of [route.method].flat().filter((name) => name !== 'HEAD')) {
      if (route.schema?.hide === true) continue;
      if (!route.schema?.operationId || !route.schema.summary || !route.schema.tags) {
        throw new Error(`route ${method} ${route.url}: expected schema.operationId, summary and tags, got none`);
      }
      this.#routes.push({
        url: route.url,
        method,
        schema: route.schema,
        access: route.config?.access ?? 'public',
        isUnlimited: route.config?.isUnlimited === true,
      });
    }
  }

  /** OpenAPI 3.1. To be asked for once all routes are registered. `base` is what stands before its paths. */
  toDocument(base: string): JsonObject {
    this.#document ??= this.#build();
    return {
      ...this.#document,
      servers: [{ url: base === '' ? '/' : base, description: 'The hub that serves this description' }],
    };
  }

  #build(): JsonObject {
    const schemas = new NamedSchemas();
    for (const schema of [Problem, ...this.#routes.flatMap(schemasOf)]) schemas.collect(schema);
    schemas.convert();
    const paths: Record<string, Record<string, JsonObject>> = {};
    for (const route of this.#routes) {
      const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
      paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(route, schemas) };
    }
    return {
      openapi: '3.1.0',
      info: {
        title: 'farhand hub',
        version: this.#version,
        summary: 'Jobs, agents and what happens to them',
        description: words,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      // Where it is served is said to each reader.
      servers: [],
      security: [{ token: [] }],
      tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
      paths,
      components: {
        schemas: schemas.components(paths),
        ...headerComponents,
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'A token of a user: `farhand token create --role …`' },
          joinToken: { type: 'http', scheme: 'bearer', description: 'A join token: `farhand token create --join`' },
        },
      },
    };
  }
}
