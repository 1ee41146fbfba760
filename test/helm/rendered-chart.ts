import assert from 'node:assert/strict';
import { parseAllDocuments } from 'yaml';
import { type HelmResult, helm } from '../support/helm.ts';

/** As much of a manifest as the tests look at. */
export interface Manifest {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
  /** Of a Role. */
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext: object;
  readonly livenessProbe?: object;
  readonly readinessProbe?: object;
}

export interface Pod {
  readonly containers: readonly Container[];
  readonly volumes: readonly ({ readonly name: string } & Readonly<Record<string, unknown>>)[];
  readonly securityContext: object;
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds?: number;
}

export interface RenderedChart {
  readonly manifests: readonly Manifest[];
  /** The one of that kind; undefined where there is none. */
  readonly find: (kind: string) => Manifest | undefined;
}

/** `more`: for helm, such as the version of a cluster. */
export function tryTemplate(chart: string, values: object, more: readonly string[] = []): Promise<HelmResult> {
  const set = Object.entries(values).flatMap(([name, value]) => ['--set-json', `${name}=${JSON.stringify(value)}`]);
  return helm(['template', 'site', chart, '--namespace', 'tools', ...set, ...more]);
}

/** What the chart makes of the values, parsed. Throws with the words of helm where it refuses them. */
export async function template(chart: string, values: object, more: readonly string[] = []): Promise<RenderedChart> {
  const { stdout, stderr, exitCode } = await tryTemplate(chart, values, more);
  assert.equal(exitCode, 0, stderr);
  const manifests = parseAllDocuments(stdout).flatMap((document): Manifest[] => {
    assert.deepEqual(document.errors, []);
    return document.toJS() === null ? [] : [document.toJS()];
  });
  return { manifests, find: (kind) => manifests.find((manifest) => manifest.kind === kind) };
}

/** The pod that a manifest makes, directly or by a template. */
export function podOf({ kind, spec }: Manifest): Pod | null {
  const at = (path: readonly string[]) =>
    path.reduce<unknown>((value, name) => (value as Readonly<Record<string, unknown>>)[name], spec) as Pod;
  if (kind === 'Pod') return at([]);
  if (kind === 'StatefulSet' || kind === 'Deployment') return at(['template', 'spec']);
  return kind === 'CronJob' ? at(['jobTemplate', 'spec', 'template', 'spec']) : null;
}
