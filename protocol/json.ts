import { z } from 'zod';

/** Anything JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export const JsonValue: z.ZodType<JsonValue> = z.json();

/** One JSON object: what parameters, outputs and facts are. */
export type JsonObject = { readonly [key: string]: JsonValue };

export const JsonObject: z.ZodType<JsonObject> = z.record(z.string(), JsonValue);
