import type { JsonObject } from '../../../protocol/json.ts';
import { jobFolder } from './job-folder.ts';
import { type JobManifest, toJobManifest } from './job-manifest.ts';
import type { JobSettings } from './job-settings.ts';
import { PatchError } from './patch-error.ts';

/** A manifest like those that jobs of an automation get, for whoever wants to know whether they can be made. */
export function toSampleManifest(
  settings: JobSettings,
  identity: { readonly agent: string; readonly namespace: string } = { agent: 'sample', namespace: 'sample' },
): JobManifest {
  return toJobManifest({
    identity: { ...identity, attempt: 'sample', place: 'sample' },
    command: {
      argv: ['true'],
      environment: { FARHAND_PARAMETERS: `${jobFolder}/parameters.json` },
      workingDirectory: jobFolder,
      files: [{ name: 'parameters.json', content: '{}', executable: false }],
    },
    settings,
    graceSeconds: 1,
  });
}

/** What is wrong with the patch of an automation, as far as no cluster is needed to see it. */
export function toSampleFaults(
  settings: JobSettings,
): readonly { readonly path: readonly (string | number)[]; readonly message: string }[] {
  try {
    toSampleManifest(settings);
    return [];
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    const { path, message } = error;
    return [{ path: ['patch'], message: `${path.join('.')}: ${message}` }];
  }
}

/** As they travel to the executor. */
export function jobSettingsOf(settings: JobSettings): JsonObject {
  return JSON.parse(JSON.stringify(settings)) as JsonObject;
}
