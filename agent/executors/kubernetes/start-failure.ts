import type { KubernetesError } from '../../kubernetes/kubernetes-error.ts';
import type { StartFailure } from '../executor.ts';

export function fail(fault: StartFailure['fault'], message: string): StartFailure {
  return { type: 'failed', fault, message };
}

/** What the cluster's no to something that is not let go yet means: nothing was begun. */
export function toStartFailure(error: KubernetesError): StartFailure {
  const { code, causes } = error;
  const list = causes.map(({ field, message }) => `${field}: ${message}`).join('; ');
  const message = `the cluster did not take the Job: ${list === '' ? error.message : list}`;
  switch (code) {
    case 'forbidden':
      return { type: 'failed', fault: 'environment', cause: 'forbidden', message };
    case 'quota':
      return { type: 'failed', fault: 'environment', cause: 'cluster-quota', message };
    case 'invalid':
    case 'bad-request':
    case 'refused':
      return { type: 'failed', fault: 'command', message };
    case 'credentials':
    case 'unreachable':
    case 'timeout':
    case 'malformed':
    case 'unauthorized':
    case 'not-found':
    case 'already-exists':
    case 'conflict':
    case 'gone':
    case 'too-many-requests':
    case 'server-failure':
      return { type: 'failed', fault: 'environment', message };
  }
}
