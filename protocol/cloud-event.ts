import { z } from 'zod';
import { JsonValue } from './json.ts';
import { parseJson } from './parse.ts';

const Attribute = z.string().min(1).max(1024);

/**
 * A CloudEvent (1.0, structured JSON) with the extensions that Open Cluster Management defines. Attributes that nobody here
 * uses are dropped when an event is read.
 */
export const CloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: Attribute,
  source: Attribute,
  type: Attribute,
  time: z.iso.datetime({ offset: true }).optional(),
  datacontenttype: z.string().max(256).optional(),
  data: JsonValue.optional(),
  /** The agent's id; empty in a broadcast. */
  clustername: z.string().max(256).optional(),
  /** Empty in events of a source; the addressed source in those of an agent. */
  originalsource: z.string().max(256).optional(),
  resourceid: z.string().max(512).optional(),
  /** Grows with each change of the spec. Written as an integer, read as text too. */
  resourceversion: z
    .union([
      z.int().min(0),
      z
        .string()
        .regex(/^\d{1,15}$/)
        .transform(Number),
    ])
    .optional(),
  deletiontimestamp: z.iso.datetime({ offset: true }).optional(),
  /** Orders the status events of one agent: a decimal snowflake. */
  sequenceid: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional(),
  statushash: z.string().max(128).optional(),
  traceparent: z.string().max(64).optional(),
});
export type CloudEvent = Readonly<z.infer<typeof CloudEvent>>;

/** Throws `ProtocolError` (`not-json`, `invalid`). */
export function parseCloudEvent(text: string | Uint8Array): CloudEvent {
  return parseJson(CloudEvent, text, 'CloudEvent');
}
