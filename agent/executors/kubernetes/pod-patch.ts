import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '../../../protocol/json.ts';
import type { JobSettings } from './job-settings.ts';
import { mainContainer } from './main-container.ts';
import { applyMergePatch } from './merge-patch.ts';
import { PatchError } from './patch-error.ts';
import { mergeStrategically } from './strategic-merge.ts';

type Names = Readonly<Record<string, string>>;

/** Of the container that runs the command: what its end and its outputs are read by, and what it is. */
const fixedOfContainer = [
  'name',
  'command',
  'args',
  'workingDir',
  'env',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'volumeMounts',
  'restartPolicy',
  'stdin',
  'tty',
] as const;

/** Lists to which a patch may add. */
const growing: ReadonlySet<string> = new Set(['env', 'volumeMounts', 'volumes']);

/** Lays the operator's patch over the template of a pod, and our labels and annotations over that. Throws `PatchError` where the patch changes what must stay. */
export function applyPodPatch(
  template: JsonObject,
  options: {
    readonly settings: Pick<JobSettings, 'patch' | 'patchType'>;
    readonly labels: Names;
    readonly annotations: Names;
  },
): JsonObject {
  const { settings, labels, annotations } = options;
  const { patch, patchType } = settings;
  const patched = patchType === 'strategic' ? mergeStrategically(template, patch) : applyMergePatch(template, patch);
  refuseChanges(template, patched);
  const metadata = toMap(patched['metadata']);
  const unknown = Object.keys(metadata).find((key) => key !== 'labels' && key !== 'annotations');
  if (unknown !== undefined)
    throw new PatchError(['metadata', unknown], 'a pod gets labels and annotations from here, and nothing else');
  return {
    ...patched,
    metadata: {
      ...metadata,
      labels: { ...toMap(metadata['labels']), ...labels },
      annotations: { ...toMap(metadata['annotations']), ...annotations },
    },
  };
}

function refuseChanges(before: JsonObject, after: JsonObject): void {
  const [was, is] = [toMap(before['spec']), toMap(after['spec'])];
  refuseChange(['spec', 'restartPolicy'], was['restartPolicy'], is['restartPolicy']);
  refuseChange(['spec', 'volumes'], was['volumes'], is['volumes']);
  const main = findMain(is);
  if (main === null) {
    throw new PatchError(
      ['spec', 'containers'],
      `expected the container ${JSON.stringify(mainContainer)}, which runs the command, to stay`,
    );
  }
  const original = findMain(was);
  for (const key of fixedOfContainer)
    refuseChange(['spec', 'containers', mainContainer, key], original?.[key], main[key]);
  refuseOtherRunner(was, is);
}

/** What runs beside the command, and before it, may get other resources, and more to see. */
function refuseOtherRunner(before: JsonObject, after: JsonObject): void {
  for (const original of toMaps(before['initContainers'])) {
    const { name } = original;
    if (typeof name !== 'string') continue;
    const found = toMaps(after['initContainers']).find((container) => container['name'] === name);
    if (found === undefined) {
      throw new PatchError(['spec', 'initContainers'], `expected the container ${JSON.stringify(name)} to stay`);
    }
    for (const key of fixedOfContainer) refuseChange(['spec', 'initContainers', name, key], original[key], found[key]);
  }
}

function refuseChange(path: readonly string[], was: JsonValue | undefined, is: JsonValue | undefined): void {
  const key = path.at(-1) ?? '';
  const isSame =
    growing.has(key) && Array.isArray(was)
      ? Array.isArray(is) && was.every((element) => is.some((found) => isDeepStrictEqual(found, element)))
      : isDeepStrictEqual(was, is);
  if (!isSame) {
    const remedy = growing.has(key) ? 'add to it, and leave what is in it' : 'take it out';
    throw new PatchError(path, `this is set by the agent and must not be changed: ${remedy}`);
  }
}

function findMain(spec: JsonObject): JsonObject | null {
  const containers = spec['containers'];
  const found = Array.isArray(containers)
    ? containers.find((container) => toMap(container)['name'] === mainContainer)
    : undefined;
  return found === undefined ? null : toMap(found);
}

function toMaps(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(toMap) : [];
}

function toMap(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
