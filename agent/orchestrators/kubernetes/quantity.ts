const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const parts: Readonly<Record<string, number>> = { n: 1e9, u: 1e6, m: 1e3 };
const decimal: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
};

/** A quantity of Kubernetes as a number: `500m`, `8Gi`, `1e3`, `4`. Null for anything else. Source: `k8s.io/apimachinery/pkg/api/resource`. */
export function parseQuantity(text: unknown): number | null {
  if (typeof text === 'number') return Number.isFinite(text) ? text : null;
  if (typeof text !== 'string') return null;
  const [, digits, suffix = ''] = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)([A-Za-z]{0,2})$/.exec(text) ?? [];
  if (digits === undefined) return null;
  const part = parts[suffix];
  if (part !== undefined) return Number(digits) / part;
  const at = binary.indexOf(suffix);
  const factor = at === -1 ? decimal[suffix] : 1024 ** (at + 1);
  return factor === undefined ? null : Number(digits) * factor;
}
