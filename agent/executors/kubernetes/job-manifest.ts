import { createHash } from 'node:crypto';
import { toCanonicalJson } from '../../../protocol/canonical-json.ts';
import type { JsonObject, JsonValue } from '../../../protocol/json.ts';
import type { PreparedCommand } from '../../automations/prepared-command.ts';
import { jobFolder } from './job-folder.ts';
import { jobMarks } from './job-marks.ts';
import { toJobName } from './job-name.ts';
import type { JobSettings } from './job-settings.ts';
import { mainContainer } from './main-container.ts';
import { applyPodPatch } from './pod-patch.ts';
import type { RunnerImage } from './runner-image.ts';
import { toRunnerParts } from './runner-pod.ts';

/** Where the kubelet takes a small result from when the container ends: what the job writes as its outputs. */
export const outputsPath = '/dev/termination-log';

/** For what a cluster and an agent that comes back take. */
const slackSeconds = 120;

/** What a runner takes at most behind its command (FARHAND_RUNNER_STOP_SECONDS): the kubelet kills both within one grace. */
const runnerStopSeconds = 20;

const folderVolume = 'farhand-job';
const filesVolume = 'farhand-files';

export interface JobIdentity {
  readonly attempt: string;
  /** Of the agent: no other agent touches what it makes. */
  readonly agent: string;
  readonly namespace: string;
  /** Random, of the attempt's folder. */
  readonly place: string;
}

export interface JobManifest {
  readonly name: string;
  /** Made suspended: nothing runs before it is let go. */
  readonly job: JsonObject;
  /** What the job is given; to be made with the Job's uid, so that it goes when the Job does. */
  readonly toSecret: (jobUid: string) => JsonObject;
  readonly digest: string;
}

type CommandParts = Pick<PreparedCommand, 'argv' | 'environment' | 'workingDirectory' | 'files'>;

/**
 * The manifests of one attempt. Pure, and the same for the same arguments. The environment and the files are in the Secret alone, because
 * either may hold secrets; arguments hold none. `graceSeconds`: between TERM and KILL when somebody else deletes the pod. Throws `PatchError`
 * where the operator's patch cannot be applied.
 */
export function toJobManifest(options: {
  readonly identity: JobIdentity;
  readonly command: CommandParts;
  readonly settings: JobSettings;
  readonly graceSeconds: number;
  /** The time that the command may take by the agent's own clock; null for any. */
  readonly timeoutMs: number | null;
  /** Its command is run beside a runner: what it is given is what the runner is told. Left out: by the kubelet alone. */
  readonly runner?: RunnerImage;
}): JobManifest {
  const { identity, command, settings } = options;
  const { attempt, agent, namespace, place } = identity;
  const name = toJobName(attempt);
  const labels = {
    [jobMarks.managedBy.label]: jobMarks.managedBy.value,
    [jobMarks.agentLabel]: agent,
    [jobMarks.attemptLabel]: name.slice('farhand-'.length),
  };
  const told = { [jobMarks.attempt]: attempt, [jobMarks.place]: place };
  const variables = Object.entries(command.environment);
  const template = applyPodPatch(toTemplate(name, options), { settings, labels, annotations: told });
  const spec: JsonObject = {
    suspend: true,
    backoffLimit: 0,
    completions: 1,
    parallelism: 1,
    ttlSecondsAfterFinished: settings.ttlSeconds,
    ...toDeadline(options),
    template,
  };
  const head = { apiVersion: 'batch/v1', kind: 'Job' };
  const digest = `sha256:${createHash('sha256')
    .update(toCanonicalJson({ ...head, spec }))
    .digest('hex')}`;
  const annotations = { ...told, [jobMarks.digest]: digest };
  return {
    name,
    job: { ...head, metadata: { name, namespace, labels, annotations }, spec },
    toSecret: (uid) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      immutable: true,
      metadata: {
        name,
        namespace,
        labels,
        annotations,
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }],
      },
      data: Object.fromEntries([
        ...variables.map(([, value], index) => [toVariableKey(index), toBase64(value)]),
        ...command.files.map(({ content }, index) => [toFileKey(index), toBase64(content)]),
      ]),
    }),
    digest,
  };
}

/** A net for when no agent is there to end it: the agent's own clock is to be first. */
function toDeadline({ settings, graceSeconds, timeoutMs }: Parameters<typeof toJobManifest>[0]): JsonObject {
  const { activeDeadlineSeconds, pendingSeconds } = settings;
  if (activeDeadlineSeconds !== undefined) return { activeDeadlineSeconds };
  if (timeoutMs === null) return {};
  return { activeDeadlineSeconds: Math.ceil(timeoutMs / 1000) + graceSeconds + pendingSeconds + slackSeconds };
}

function toTemplate(
  secret: string,
  { command, settings, graceSeconds, runner }: Parameters<typeof toJobManifest>[0],
): JsonObject {
  const beside =
    runner === undefined
      ? null
      : toRunnerParts({ runner, words: outputsPath, orderVolume: toOrderVolume(secret, command.files) });
  const { image, imagePullPolicy, resources, serviceAccountName, nodeSelector } = settings;
  const pullSecrets = [...new Set([...settings.imagePullSecrets, ...(runner?.pullSecrets ?? [])])];
  const [program, ...args] = command.argv.map(toLiteral);
  const container: JsonObject = {
    name: mainContainer,
    image,
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    command: [program ?? ''],
    ...(args.length === 0 ? {} : { args }),
    workingDir: command.workingDirectory,
    env: Object.keys(command.environment).map((name, index) => ({
      name,
      valueFrom: { secretKeyRef: { name: secret, key: toVariableKey(index) } },
    })),
    resources: toJson(resources),
    terminationMessagePath: outputsPath,
    terminationMessagePolicy: 'File',
    volumeMounts: [
      { name: folderVolume, mountPath: jobFolder },
      ...command.files.map((file, index) => ({
        name: filesVolume,
        mountPath: `${jobFolder}/${file.name}`,
        subPath: toFileKey(index),
        readOnly: true,
      })),
    ],
    ...beside?.main,
  };
  return {
    metadata: { annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' } },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: settings.automountServiceAccountToken,
      enableServiceLinks: false,
      terminationGracePeriodSeconds:
        Math.max(1, Math.ceil(graceSeconds)) + (runner === undefined ? 0 : runnerStopSeconds),
      ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
      ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets.map((name) => ({ name })) }),
      ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
      containers: [container],
      volumes: [
        { name: folderVolume, emptyDir: {} },
        ...(command.files.length === 0 ? [] : [toFilesVolume(secret, command.files)]),
      ],
      ...beside?.spec,
    },
  };
}

function toFilesVolume(secretName: string, files: CommandParts['files']): JsonObject {
  const items = files.map(({ executable }, index) => ({
    key: toFileKey(index),
    path: toFileKey(index),
    mode: executable ? 0o555 : 0o444,
  }));
  return { name: filesVolume, secret: { secretName, items } };
}

/** The same files by their own names, for a runner alone. */
function toOrderVolume(secretName: string, files: CommandParts['files']): JsonObject & { readonly name: string } {
  const items = files.map(({ name }, index) => ({ key: toFileKey(index), path: name, mode: 0o440 }));
  return { name: filesVolume, secret: { secretName, items } };
}

/** `$(NAME)` in arguments would be replaced: `$$` is one dollar. Source: Kubernetes, third_party/forked/golang/expansion. */
function toLiteral(text: string): string {
  return text.replaceAll('$', '$$$$');
}

function toVariableKey(index: number): string {
  return `variable-${index}`;
}

function toFileKey(index: number): string {
  return `file-${index}`;
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Without what is not set: JSON has no such value. */
function toJson(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
