import { isExit, type ResultCase, wasOverBeforeIntent } from './judge-result.ts';

/** What an agent said of an attempt whose runner is gone, against what really became of the pods. */
export function judgeTakenBack({ result, programs, pods, evidence }: ResultCase): readonly string[] {
  const { command: run } = programs;
  const really = run === null ? 'it never ran' : `it really ended with ${JSON.stringify(run.end)}`;
  const wrong = run !== null && run.end === null ? ['it still runs'] : [];
  const isSaid = pods.some((pod) => pod.lastWords !== null && !pod.isCalledLost);
  if (!pods.some((pod) => pod.wasCut || pod.isCalledLost) && !evidence.isRestored)
    wrong.push('all its pods had their time');
  if (result.outputs !== null) wrong.push('it has outputs that nobody brought');
  switch (result.cause) {
    case 'exit-code':
    case 'signal':
      if (!isExit(run, result)) return [...wrong, really];
      return (result.outcome === 'succeeded') === (result.exitCode === 0)
        ? wrong
        : [...wrong, 'that is no success, or one'];
    case 'outputs-invalid':
      // They are promised, and went with the pod.
      return isExit(run, result) && result.exitCode === 0 ? wrong : [...wrong, really];
    case 'cancelled':
      return isSaid && wasOverBeforeIntent(run) ? [...wrong, really] : wrong;
    case 'process-lost':
      return isSaid ? [...wrong, `${really}, and its container said so`] : wrong;
    case 'evicted':
    case 'pod-deleted':
    case 'node-lost':
      return pods.some((pod) => pod.cause === result.cause || (result.cause === 'node-lost' && pod.isCalledLost))
        ? wrong
        : [...wrong, 'no pod of it ended so'];
    default:
      return [...wrong, 'that is no end of a pod'];
  }
}
