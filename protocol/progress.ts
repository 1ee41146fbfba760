import { z } from 'zod';
import { JsonObject } from './json.ts';

/** Longest message. */
export const maxProgressMessageLength = 1024;

/** Most that outputs so far may take as JSON. */
const maxProgressOutputsBytes = 64 * 1024;

const Outputs = JsonObject.refine(
  (outputs) => Buffer.byteLength(JSON.stringify(outputs)) <= maxProgressOutputsBytes,
  `expected at most ${maxProgressOutputsBytes} bytes of JSON`,
);

/** How far a running attempt says it is. Each stands for itself: what it does not say is null. */
export const Progress = z.object({
  percent: z.number().min(0).max(100).nullable(),
  message: z.string().max(maxProgressMessageLength).nullable(),
  /** Not checked against the automation's schema: they are not all there yet. */
  outputs: Outputs.nullable(),
});
export type Progress = Readonly<z.infer<typeof Progress>>;
