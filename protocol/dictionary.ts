import { z } from 'zod';

function toJsonSchema(schema: z.ZodType): Record<string, unknown> {
  const document = z.toJSONSchema(schema, { io: 'input' });
  return Object.fromEntries(
    Object.entries(document).filter(([keyword]) => !['$schema', '~standard'].includes(keyword)),
  );
}

/** A record that refuses the key `__proto__`, where `z.record` drops it without a word. */
export function createDictionary<Value>(
  key: z.ZodType<string, string>,
  value: z.ZodType<Value, Value>,
): z.ZodType<Record<string, Value>, Record<string, Value>> {
  const own = z
    .unknown()
    .superRefine((input, context) => {
      if (typeof input === 'object' && input !== null && Object.hasOwn(input, '__proto__')) {
        context.addIssue({ code: 'custom', path: ['__proto__'], message: 'the key "__proto__" is not allowed' });
      }
    })
    .meta({ type: 'object', propertyNames: toJsonSchema(key), additionalProperties: toJsonSchema(value) });
  return own.pipe(z.record(key, value)) as unknown as z.ZodType<Record<string, Value>, Record<string, Value>>;
}
