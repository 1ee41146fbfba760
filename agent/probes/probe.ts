import type { Automation } from '../automations/automation.ts';
import type { ProbePlan } from '../automations/probe-plan.ts';

/** An automation that the agent runs by itself. */
export type Probe = Automation & { readonly probe: ProbePlan };

export function isProbe(automation: Automation): automation is Probe {
  return automation.probe !== null;
}
