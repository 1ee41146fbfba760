import type { ExecutorKind } from '../executor-kind.ts';
import { jobFolder } from './job-folder.ts';
import { JobSettings, jobKeys } from './job-settings.ts';
import { jobSettingsOf, toSampleFaults } from './sample-manifest.ts';

const blockName = 'kubernetes';

/** Jobs of a Kubernetes cluster: one for each attempt. */
export const kubernetesKind: ExecutorKind = {
  name: blockName,
  capabilities: {
    sharesMachine: false,
    runsAsUser: false,
    limitsOutput: true,
    outlivesBoot: true,
    waitsForPlace: true,
    jobFolder,
  },
  keys: jobKeys,
  read: (values) => {
    const settings = JobSettings.parse(values);
    return {
      templates: [],
      faults: [...toSampleFaults(settings), ...findPlaceholders(settings)].map(({ path, message }) => ({
        path: [blockName, ...path],
        message,
      })),
      plan: { prepare: () => ({ type: 'prepared', settings: jobSettingsOf(settings) }) },
    };
  },
};

/** A job that chose the image, or the node, could run anything anywhere. */
function findPlaceholders(
  settings: JobSettings,
): readonly { readonly path: readonly string[]; readonly message: string }[] {
  return Object.entries(settings)
    .filter(([, value]) => JSON.stringify(value)?.includes('${') === true)
    .map(([key]) => ({
      path: [key],
      message: 'there are no placeholders here, or a job could choose what runs: write it out',
    }));
}
