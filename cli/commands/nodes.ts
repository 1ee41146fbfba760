import type { Command } from 'commander';
import { type Node } from '../../protocol/inventory.ts';
import { nodeStates } from '../../protocol/node.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { createInventoryCommand } from '../inventory-command.ts';
import { toNodeTable } from '../inventory-words.ts';

export function createNodesCommand(context: Context): Command {
  const command = createInventoryCommand<Node>(context, {
    name: 'nodes',
    one: 'node',
    description: 'list the nodes of the clusters that agents watch, or show one in full',
    states: nodeStates,
    list: (api, filter) => (page) => api.listNodes({ ...filter, ...page }),
    get: (api, id) => api.getNode(id),
    toTable: toNodeTable,
  });
  return addExamples(
    command,
    ['farhand nodes', 'all of them'],
    ['farhand nodes --state not-ready', 'which are not well'],
    ['farhand nodes worker-1', 'its addresses, labels, taints, versions'],
  );
}
