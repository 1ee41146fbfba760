import type { JsonObject } from '../../../protocol/json.ts';
import { jobFolder } from './job-folder.ts';
import { type JobManifest, toJobManifest } from './job-manifest.ts';
import type { JobSettings } from './job-settings.ts';
import { PatchError } from './patch-error.ts';
import type { RunnerImage } from './runner-image.ts';
import { toOrderFiles } from './runner-pod.ts';

/** A manifest like those that jobs of an automation get, for whoever wants to know whether they can be made. Throws `PatchError`. */
export function toSampleManifest(
  settings: JobSettings,
  { namespace = 'sample', runner = null }: { readonly namespace?: string; readonly runner?: RunnerImage | null } = {},
): JobManifest {
  const order = { order: '{}', ticket: '-', automation: '{}' };
  const command =
    runner === null
      ? {
          argv: ['true'] as const,
          environment: { FARHAND_PARAMETERS: `${jobFolder}/parameters.json` },
          files: [{ name: 'parameters.json', content: '{}', executable: false }],
        }
      : { argv: ['sh'] as const, environment: {}, files: toOrderFiles(order, null) };
  return toJobManifest({
    identity: { attempt: 'sample', agent: 'sample', place: 'sample', namespace },
    command: { ...command, workingDirectory: jobFolder },
    settings,
    graceSeconds: 1,
    timeoutMs: null,
    ...(runner === null ? {} : { runner }),
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
