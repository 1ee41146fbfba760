/** What marks everything that an agent makes in a cluster as that agent's, and the annotations that tell whose Job one is. */
export const jobMarks = {
  managedBy: { label: 'app.kubernetes.io/managed-by', value: 'farhand' },
  agentLabel: 'farhand.io/agent',
  attemptLabel: 'farhand.io/attempt',
  attempt: 'farhand.io/attempt',
  /** Random, of the attempt's folder: a Job of another folder of the same attempt is not ours. */
  place: 'farhand.io/folder',
  digest: 'farhand.io/spec-digest',
} as const;

/** A selector for all that an agent made, and nothing of another. */
export function toAgentSelector(agent: string): string {
  const { managedBy, agentLabel } = jobMarks;
  return `${managedBy.label}=${managedBy.value},${agentLabel}=${agent}`;
}
