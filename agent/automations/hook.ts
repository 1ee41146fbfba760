import { z } from 'zod';
import { JsonObject } from '../../protocol/json.ts';
import { type Template, TemplateRecord } from './template.ts';

export type HookName = 'before' | 'after';

/** A hook as the automation's file has it: one program with arguments, each a template. */
export interface Hook {
  readonly argv: readonly Template[];
  readonly timeoutMs: number;
}

/**
 * What a hook of one attempt is made of, beside the document and the secrets. Holds no secret, so that it can wait on the disk for
 * the end of the command: whoever ends the attempt may be another agent, with other automations.
 */
export const HookPlan = z.object({
  argv: z.tuple([z.string()], z.string()),
  timeoutMs: z.number().positive(),
  /** Folder of the automation's file, absolute. */
  home: z.string(),
  inherit: z.array(z.string()).readonly(),
  environment: z.array(z.tuple([z.string(), TemplateRecord])).readonly(),
  /** With the defaults of the schema. */
  parameters: JsonObject,
});
export type HookPlan = Readonly<z.infer<typeof HookPlan>>;
