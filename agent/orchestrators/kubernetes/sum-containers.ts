import { z } from 'zod';
import type { AppReport } from '../../../protocol/app.ts';
import type { Resources } from '../../../protocol/cluster.ts';
import { type Quantities, toResources } from './to-resources.ts';

const Quantity = z.record(z.string(), z.unknown()).catch({});

const Container = z.object({
  image: z.string().catch(''),
  restartPolicy: z.string().optional().catch(undefined),
  resources: z.object({ requests: Quantity, limits: Quantity }).catch({ requests: {}, limits: {} }),
});

export const Template = z.object({
  spec: z.object({ containers: z.array(Container).catch([]), initContainers: z.array(Container).catch([]) }),
});
type Template = z.infer<typeof Template>;

const nothing: Resources = { cpu: null, memoryBytes: null, diskBytes: null, gpus: null };
const keys = ['cpu', 'memoryBytes', 'diskBytes', 'gpus'] as const;

/** What the containers of one pod are made of, and ask for, together. Sidecars are init containers that go on. */
export function sumContainers(template: Template | null): Pick<AppReport, 'images' | 'requests' | 'limits'> {
  const { containers = [], initContainers = [] } = template?.spec ?? {};
  const all = [...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'), ...containers];
  const images = new Set(all.map(({ image }) => image.slice(0, 1024)).filter((image) => image !== ''));
  return {
    images: [...images].slice(0, 64),
    requests: sum(all.map(({ resources }) => resources.requests)),
    limits: bound(all.map(({ resources }) => resources.limits)),
  };
}

/** What some do not ask for, the others do. */
function sum(all: readonly Quantities[]): Resources {
  return all.map(toResources).reduce((total, one) => add(total, one), nothing);
}

/** What one of them may have without bound, all of them may. */
function bound(all: readonly Quantities[]): Resources {
  const each = all.map(toResources);
  const total = sum(all);
  const isBounded = (key: (typeof keys)[number]) => each.every((one) => one[key] !== null);
  return {
    cpu: isBounded('cpu') ? total.cpu : null,
    memoryBytes: isBounded('memoryBytes') ? total.memoryBytes : null,
    diskBytes: isBounded('diskBytes') ? total.diskBytes : null,
    // Nobody has a GPU that he does not ask for.
    gpus: total.gpus,
  };
}

function add(one: Resources, other: Resources): Resources {
  const plus = (key: (typeof keys)[number]) =>
    // Sums of thousandths stay thousandths.
    one[key] === null && other[key] === null ? null : Number(((one[key] ?? 0) + (other[key] ?? 0)).toFixed(9));
  return { cpu: plus('cpu'), memoryBytes: plus('memoryBytes'), diskBytes: plus('diskBytes'), gpus: plus('gpus') };
}
