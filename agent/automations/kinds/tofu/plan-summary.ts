import { z } from 'zod';

/** The part of a plan in JSON that is counted. Source: the JSON output format of OpenTofu and Terraform, format_version 1. */
const Plan = z.object({
  resource_changes: z
    .array(z.object({ address: z.string(), change: z.object({ actions: z.array(z.string()) }) }))
    .default([]),
});

/** As the program itself counts: a replacement is one added and one destroyed. */
export interface PlanSummary {
  readonly add: number;
  readonly change: number;
  readonly destroy: number;
  /** What happens to which resource: at most `maxResources` of them. */
  readonly resources: readonly { readonly address: string; readonly action: string }[];
}

/** So many are listed: a person reads no more, and the counts tell the rest. */
const maxResources = 500;

/** Of one address, whose keys may be of any length. */
const maxAddressLength = 500;

function toAction(actions: readonly string[]): string {
  return actions.length > 1 ? 'replace' : (actions[0] ?? 'no-op');
}

/** Null for what is no plan. */
export function toPlanSummary(json: string): PlanSummary | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  const plan = Plan.safeParse(value);
  if (!plan.success) return null;
  const count = (action: string): number =>
    plan.data.resource_changes.filter(({ change }) => change.actions.includes(action)).length;
  const resources = plan.data.resource_changes
    .map(({ address, change }) => ({
      address: address.slice(0, maxAddressLength),
      action: toAction(change.actions),
    }))
    .filter(({ action }) => action !== 'no-op' && action !== 'read');
  return {
    add: count('create'),
    change: count('update'),
    destroy: count('delete'),
    resources: resources.slice(0, maxResources),
  };
}
