import { z } from 'zod';
import type { AppReport } from '../../../protocol/app.ts';
import type { KubernetesObject } from '../../kubernetes/kubernetes-object.ts';
import { type AppCounts, type AppKind, readCounts } from './app-counts.ts';
import { bounded } from './bounded.ts';
import { judgeApp } from './judge-app.ts';
import { sumContainers, Template } from './sum-containers.ts';

const Conditions = z
  .array(
    z.object({
      type: z.string(),
      status: z.string(),
      reason: z.string().catch(''),
      message: z.string().catch(''),
    }),
  )
  .catch([]);

/** A Deployment, StatefulSet or DaemonSet of Kubernetes. */
export function toAppReport(object: KubernetesObject, kind: AppKind, cluster: string): AppReport {
  const { metadata } = object;
  const spec = asObject(object['spec']);
  const status = asObject(object['status']);
  const template = Template.safeParse(spec['template']).data ?? null;
  const counts: AppCounts = readCounts(kind, { spec, status });
  const generation = metadata['generation'];
  const { state, message } = judgeApp({
    counts,
    generation: typeof generation === 'number' ? generation : null,
    observedGeneration: typeof status['observedGeneration'] === 'number' ? status['observedGeneration'] : null,
    conditions: Conditions.parse(status['conditions'] ?? []),
  });
  const namespace = metadata.namespace ?? null;
  return {
    id: `${cluster}/${namespace}/${kind}/${metadata.name}`,
    cluster,
    type: 'kubernetes',
    kind,
    namespace,
    name: bounded.short(metadata.name),
    uid: bounded.short(metadata.uid),
    state,
    message: message === null ? null : bounded.message(message),
    labels: bounded.labels(metadata.labels),
    ...sumContainers(template),
    instances: counts,
    createdAt: z.iso.datetime().safeParse(metadata.creationTimestamp).data ?? null,
  };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
