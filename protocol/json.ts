import { z } from 'zod';
import { findJsonFault } from './json-fault.ts';

/** Anything JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** One JSON object: what parameters, outputs and facts are. */
export type JsonObject = { readonly [key: string]: JsonValue };

function check(value: unknown, context: z.RefinementCtx): void {
  const fault = findJsonFault(value);
  if (fault !== null) context.addIssue({ code: 'custom', path: [...fault.path], message: fault.message });
}

/** Checked in one pass that never recurses, and passed on as it is, without a copy. Limits are in `json-fault.ts`. */
export const JsonValue = z.unknown().superRefine(check) as z.ZodType<JsonValue>;

export const JsonObject = z
  .unknown()
  .superRefine((value, context) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) check(value, context);
    else context.addIssue({ code: 'custom', message: 'expected a JSON object' });
  })
  .meta({ type: 'object' }) as z.ZodType<JsonObject>;
