import { z } from 'zod';
import { ClusterName } from '../../protocol/cluster.ts';
import { parseLabelSelector, SelectorText } from '../../protocol/label-selector.ts';
import { Name } from '../../protocol/names.ts';
import type { InventoryFilter } from '../store/inventory.ts';
import { PageQuery } from './page-query.ts';

const Text = z.string().min(1).max(256);

/** What nodes and apps are both searched by. */
export const InventoryQuery = PageQuery.extend({
  agent: Name.nullable().default(null).describe('the name of the agent that tells of it'),
  cluster: ClusterName.nullable().default(null).describe('the name of its cluster'),
  name: Text.nullable().default(null).describe('how its name begins'),
  selector: SelectorText.default('').describe('a selector of its labels, such as `tier=front,!canary`'),
  stale: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .nullable()
    .default(null)
    .meta({ parameter: { type: 'boolean' } })
    .describe('true: only what may not be so any more; false: only what is known to be so'),
});

/** What only apps have. */
export const NamespaceQuery = { namespace: Text.nullable().default(null).describe('its namespace') };

type Asked = z.output<typeof InventoryQuery> & {
  readonly namespace?: string | null;
  readonly kind?: readonly string[];
  readonly state: readonly string[];
};

export function toInventoryFilter(asked: Asked): InventoryFilter {
  const { agent, cluster, namespace = null, kind = [], state, name, selector } = asked;
  const labels = parseLabelSelector(selector);
  return { agent, cluster, namespace, kinds: kind, states: state, namePrefix: name ?? '', labels };
}
