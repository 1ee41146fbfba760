import type { FastifyTypeProvider } from 'fastify';
import type { z } from 'zod';

/** Tells fastify what a handler gets and what it answers, from the zod schemas of its route. */
export interface ZodTypeProvider extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  readonly serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown;
}
