import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { createJsonSchemaTransform } from 'fastify-type-provider-zod';
import { Problem } from '../../protocol/problem.ts';
import { problemMediaType } from './api-problem.ts';

/** How the OpenAPI description is made from the routes. */
export function createOpenapiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'farhand hub',
        version,
        description: 'Runs jobs on machines nobody can reach. Errors are RFC 9457 problems with a stable `code`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: ({ schema, ...route }) => toJsonSchema({ schema: withProblems(schema), ...route }),
  };
}

const toJsonSchema = createJsonSchemaTransform({ zodToJsonConfig: { unrepresentable: 'any' } });

/** Every route may answer with a problem. */
function withProblems(schema: FastifySchema | undefined): FastifySchema {
  const problem = { description: 'A problem', content: { [problemMediaType]: { schema: Problem } } };
  return { ...schema, response: { ...(schema?.response as object | undefined), default: problem } };
}
