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
    jobFolder,
  },
  keys: jobKeys,
  read: (values) => {
    const settings = JobSettings.parse(values);
    return {
      templates: [],
      faults: toSampleFaults(settings).map(({ path, message }) => ({ path: [blockName, ...path], message })),
      plan: { prepare: () => ({ type: 'prepared', settings: jobSettingsOf(settings) }) },
    };
  },
};
