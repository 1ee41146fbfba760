import { JsonObject } from '../../../../protocol/json.ts';
import type { Harvest, LeftFiles } from '../../harvest.ts';
import type { LeftFile } from '../../left-file.ts';
import { OutputsError } from '../../outputs-error.ts';
import { findFirstError } from '../first-error.ts';
import { logTail, toLogOfFailure, toLogTail } from '../log-tail.ts';
import { readBuildList } from './build-list.ts';

const smallBytes = 64 * 1024;
const action: LeftFile = { name: 'action', of: 'command', called: 'the action', maxBytes: smallBytes, over: 'refuse' };
const manifest: LeftFile = {
  name: 'manifest.json',
  of: 'command',
  called: 'the manifest',
  maxBytes: 1024 * 1024,
  over: 'refuse',
};
const failure: LeftFile = { name: 'failure', of: 'command', called: 'the reason', maxBytes: smallBytes, over: 'tail' };

function parseManifest(json: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new OutputsError('expected one JSON object in the manifest, got other text');
  }
  const parsed = JsonObject.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new OutputsError('expected one JSON object in the manifest, got another value');
}

const artifactsHeading = 'Builds finished. The artifacts of successful builds are:';

/** Null where the end of the log is missing, because the automation keeps only its beginning. */
function findArtifacts(log: string): JsonObject[] | null {
  const said =
    log.includes(`==> ${artifactsHeading}`) || log.includes('==> Builds finished but no artifacts were created.');
  if (!said) return null;
  return readBuildList(log, artifactsHeading).map(({ build, text }) => ({ build, description: text }));
}

function toOutputs(files: LeftFiles): JsonObject {
  const done = files(action.name)?.toString() ?? null;
  if (done === null) throw new OutputsError('expected files of the build in the folder of the attempt, found none');
  if (done === 'validate') return { action: done, valid: true };
  const json = files(manifest.name)?.toString() ?? null;
  return {
    action: done,
    artifacts: findArtifacts(toLogTail(files)),
    manifest: json === null ? null : parseManifest(json),
  };
}

function explain(files: LeftFiles): string | null {
  const reason = files(failure.name)?.toString() ?? null;
  const log = toLogOfFailure(files, reason);
  const [failed] = readBuildList(log, "Some builds didn't complete successfully and had errors:");
  const error = failed === undefined ? findFirstError(log) : `${failed.build}: ${failed.text}`;
  if (reason === null || error === null || reason.includes(':')) return reason ?? error;
  return `${reason}: ${error}`;
}

/** What was built, as the program tells it at its end and as its manifest has it. */
export const packerHarvest: Harvest = {
  outputFiles: [action, manifest, logTail],
  outputsOnFailure: false,
  toOutputs,
  failureFiles: [failure, logTail],
  explain,
};
