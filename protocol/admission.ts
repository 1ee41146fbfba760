import { z } from 'zod';
import { createOpenEnum } from './open-enum.ts';

const states = ['open', 'closed'] as const;
/** `other` is what a later version knows. */
export const admissionReasonKinds = ['cpu', 'memory', 'io', 'loop-lag', 'spool', 'other'] as const;
const kinds = admissionReasonKinds;
const sources = ['machine', 'cgroup'] as const;

const Stall = z
  .object({
    percent: z.number().min(0).max(100).describe('of the time, over ten seconds'),
    from: z.enum(sources).describe('whose: `cgroup` is the container or unit of the agent, its jobs included'),
  })
  .nullable()
  .describe('null where the kernel does not tell');

const Values = z.object({
  cpu: Stall,
  memory: Stall,
  io: Stall,
  freeMemoryPercent: z.number().min(0).max(100).nullable(),
  loopLagMeanMs: z
    .number()
    .min(0)
    .describe('what came at any moment of the last five seconds waited so long, on average'),
  loopLagMaxMs: z.number().min(0).describe('the longest stop of the last minute'),
});

const Reason = z.object({
  kind: z.enum(kinds),
  message: z.string().max(1024).describe('what was measured when it began, and the limit'),
});

/** Whether an agent takes jobs, as far as that is a matter of pressure. Jobs that run are not touched by it. */
export const Admission = z.object({
  state: z.enum(states),
  since: z.iso.datetime(),
  /** Why it is closed; empty while it is open. */
  reasons: z.array(Reason).max(20),
  values: Values,
});
export type Admission = Readonly<z.infer<typeof Admission>>;
export type AdmissionReason = Admission['reasons'][number];

const ReportedStall = z
  .object({ percent: Stall.unwrap().shape.percent, from: createOpenEnum(sources, 'machine') })
  .nullable();

/** The same in an agent's report, which may know more words. In a state that we do not know it is asked: it has the last word anyway. */
export const ReportedAdmission = Admission.extend({
  state: createOpenEnum(states, 'open'),
  reasons: z.array(Reason.extend({ kind: createOpenEnum(kinds, 'other') })).max(20),
  values: Values.extend({ cpu: ReportedStall, memory: ReportedStall, io: ReportedStall }),
});
