/** What identifies one state of a spec. */
export interface SpecVersion {
  readonly id: string;
  /** At least 1; grows with every change of the spec, its deletion included. */
  readonly version: number;
  readonly deleted: boolean;
}

/** One state of a spec: wanted so, or not wanted any more since `deletedAt` (RFC 3339, UTC). */
export type SpecEntry<Spec> =
  | {
      readonly type: 'wanted';
      readonly id: string;
      readonly version: number;
      readonly spec: Spec;
      /** The place in a trace that it is wanted at, where it is part of one. */
      readonly traceparent: string | null;
    }
  | { readonly type: 'deleted'; readonly id: string; readonly version: number; readonly deletedAt: string };

/** Of two states of the same resource the higher version is the newer; in the same version deletion comes last. */
export function isNewerSpec(
  candidate: { readonly version: number; readonly deleted: boolean },
  held: { readonly version: number; readonly deleted: boolean },
): boolean {
  return candidate.version > held.version || (candidate.version === held.version && candidate.deleted && !held.deleted);
}
