import { z } from 'zod';
import type { NodeReport, NodeState } from '../../../protocol/node.ts';
import type { KubernetesObject } from '../../kubernetes/kubernetes-object.ts';
import { bounded } from './bounded.ts';
import { toCount, toResources } from './to-resources.ts';

const Text = z.string().catch('');
const Quantities = z.record(z.string(), z.unknown()).catch({});

/** As far as it is shown. What is missing, or is something else, is as if it was not said: one field does not cost the node. */
const Node = z.object({
  spec: z
    .object({
      unschedulable: z.boolean().catch(false),
      taints: z.array(z.object({ key: Text, value: Text, effect: Text })).catch([]),
    })
    .catch({ unschedulable: false, taints: [] }),
  status: z
    .object({
      addresses: z.array(z.object({ type: Text, address: Text })).catch([]),
      capacity: Quantities,
      allocatable: Quantities,
      conditions: z.array(z.object({ type: Text, status: Text, message: Text })).catch([]),
      nodeInfo: z.record(z.string(), z.unknown()).catch({}),
    })
    .catch({ addresses: [], capacity: {}, allocatable: {}, conditions: [], nodeInfo: {} }),
});

const states: Readonly<Record<string, NodeState>> = { True: 'ready', False: 'not-ready' };

/** A Node of Kubernetes. Signs of life, and what changes with them, are left out. */
export function toNodeReport(object: KubernetesObject, cluster: string): NodeReport {
  const { spec, status } = Node.parse({ spec: object['spec'] ?? {}, status: object['status'] ?? {} });
  const { metadata } = object;
  const ready = status.conditions.find(({ type }) => type === 'Ready');
  const state = states[ready?.status ?? ''] ?? 'unknown';
  const pressures = status.conditions.filter((one) => one.type !== 'Ready' && one.status === 'True');
  const troubles = [...(state === 'ready' || ready === undefined ? [] : [ready]), ...pressures];
  const info = (name: string) => {
    const text = status.nodeInfo[name];
    return typeof text === 'string' && text !== '' ? bounded.short(text) : null;
  };
  return {
    id: `${cluster}/${metadata.name}`,
    cluster,
    type: 'kubernetes',
    name: bounded.short(metadata.name),
    uid: bounded.short(metadata.uid),
    state,
    message:
      troubles.length === 0 ? null : bounded.message(troubles.map((one) => `${one.type}: ${one.message}`).join('; ')),
    schedulable: !spec.unschedulable,
    addresses: status.addresses
      .slice(0, 32)
      .map(({ type, address }) => ({ type: bounded.short(type), address: bounded.short(address) })),
    labels: bounded.labels(metadata.labels),
    taints: spec.taints.slice(0, 64).map(({ key, value, effect }) => ({
      key: key.slice(0, 317),
      value: bounded.short(value),
      effect: bounded.short(effect),
    })),
    capacity: toResources(status.capacity),
    allocatable: toResources(status.allocatable),
    used: null,
    maxInstances: toCount(status.allocatable['pods']),
    version: info('kubeletVersion'),
    platform: {
      os: info('osImage'),
      arch: info('architecture'),
      kernel: info('kernelVersion'),
      runtime: info('containerRuntimeVersion'),
    },
    createdAt: toTimestamp(metadata.creationTimestamp),
  };
}

function toTimestamp(text: string | null | undefined): string | null {
  return z.iso.datetime().safeParse(text).data ?? null;
}
