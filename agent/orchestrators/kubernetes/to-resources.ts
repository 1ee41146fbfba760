import type { Resources } from '../../../protocol/cluster.ts';
import { parseQuantity } from './quantity.ts';

export type Quantities = Readonly<Record<string, unknown>>;

/** What is in a list of resources (`capacity`, `requests`). */
export function toResources(quantities: Quantities): Resources {
  return {
    cpu: notNegative(parseQuantity(quantities['cpu'])),
    memoryBytes: toBytes(quantities['memory']),
    diskBytes: toBytes(quantities['ephemeral-storage']),
    gpus: toGpus(quantities),
  };
}

export function toCount(quantity: unknown): number | null {
  const count = parseQuantity(quantity);
  return count === null || count < 0 ? null : Math.min(Math.floor(count), Number.MAX_SAFE_INTEGER);
}

function toBytes(quantity: unknown): number | null {
  const bytes = notNegative(parseQuantity(quantity));
  // A part of a byte is a byte.
  return bytes === null ? null : Math.min(Math.ceil(bytes), Number.MAX_SAFE_INTEGER);
}

/** Of whichever maker: `nvidia.com/gpu`, `amd.com/gpu`. */
function toGpus(quantities: Quantities): number | null {
  const counts = Object.entries(quantities).flatMap(([name, quantity]) =>
    name.endsWith('/gpu') ? [notNegative(parseQuantity(quantity)) ?? 0] : [],
  );
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
}

function notNegative(value: number | null): number | null {
  return value === null || value < 0 || !Number.isFinite(value) ? null : value;
}
