import { type LabelSelector, selects } from '../../protocol/label-selector.ts';
import { hubLabelPrefix, type Labels } from '../../protocol/labels.ts';

/**
 * Whether an agent may claim this label. Without requirements it may claim any outside the hub's own prefix; otherwise only keys
 * that are named, each with a value that fits all requirements on that key.
 */
export function mayClaim(key: string, value: string, allowed: LabelSelector): boolean {
  if (key.startsWith(hubLabelPrefix)) return false;
  if (allowed.length === 0) return true;
  const concerned = allowed.filter((requirement) => requirement.key === key);
  return concerned.length > 0 && selects(concerned, { [key]: value });
}

/** Labels that count: those claimed and allowed, then those given, which win. */
export function effectiveLabels(claimed: Labels, allowed: LabelSelector, given: Labels): Labels {
  const kept = Object.entries(claimed).filter(([key, value]) => mayClaim(key, value, allowed));
  return { ...Object.fromEntries(kept), ...given };
}
