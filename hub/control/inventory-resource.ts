import { hash } from 'node:crypto';
import { z } from 'zod';
import type { AppReport } from '../../protocol/app.ts';
import type { NodeReport } from '../../protocol/node.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { appsResource, nodesResource } from '../../protocol/resources.ts';
import type { HeldValue } from '../../sync/digest.ts';
import { createJsonCodec, type ResourceCodec, type ResourceTraits } from '../../sync/resource-codec.ts';
import type { StatusSink, StatusUpdate } from '../../sync/status-sink.ts';
import type { InventoryItem, InventoryList } from '../store/inventory.ts';
import type { Store } from '../store/store.ts';
import type { InventoryWriter } from './inventory-writer.ts';

/** The largest node or app, as JSON text in bytes. Those of real clusters take one or two thousand. */
const maxBytes = 32 * 1024;

/** Rows of one query. */
const page = 1_000;

type AnyReport = NodeReport | AppReport;

/** One of the two lists: how it travels, and by what it is searched. */
export interface InventoryKind<Report extends AnyReport> {
  readonly list: InventoryList;
  readonly codec: ResourceCodec<null, Report>;
  /** Changes with the form of the report: what was stored of another form lacks what this hub would show. */
  readonly shape: string;
  toItem(report: Report): Omit<InventoryItem, 'hash' | 'shape'>;
}

export interface InventoryKinds {
  readonly nodes: InventoryKind<NodeReport>;
  readonly apps: InventoryKind<AppReport>;
}

/** Once for a hub: it takes a moment. */
export function createInventoryKinds(): InventoryKinds {
  return {
    nodes: {
      list: 'nodes',
      ...toForm(nodesResource),
      toItem: ({ labels, ...report }) => ({ ...toKeys(report), namespace: null, kind: null, labels, report }),
    },
    apps: {
      list: 'apps',
      ...toForm(appsResource),
      toItem({ labels, ...report }) {
        const { namespace, kind } = report;
        return { ...toKeys(report), namespace, kind, labels, report };
      },
    },
  };
}

function toKeys({ id, cluster, name, state }: Pick<AnyReport, 'id' | 'cluster' | 'name' | 'state'>) {
  return { resourceId: id, cluster, name, state };
}

function toForm<Report extends AnyReport>(
  resource: ResourceTraits & { readonly spec: z.ZodType<null>; readonly status: z.ZodType<Report> },
): Pick<InventoryKind<Report>, 'codec' | 'shape'> {
  const status = resource.status.superRefine((report, context) => {
    const bytes = Buffer.byteLength(JSON.stringify(report));
    if (bytes > maxBytes)
      context.addIssue({ code: 'custom', message: `expected at most ${maxBytes} bytes, got ${bytes}` });
    if (!report.id.startsWith(`${report.cluster}/`))
      context.addIssue({ code: 'custom', path: ['id'], message: `expected an id of its cluster, ${report.cluster}/…` });
  });
  const form = JSON.stringify(z.toJSONSchema(resource.status, { io: 'input' }));
  return { codec: createJsonCodec({ ...resource, status }), shape: hash('sha256', form).slice(0, 16) };
}

export interface InventorySinkOptions<Report extends AnyReport> {
  readonly kind: InventoryKind<Report>;
  readonly store: Store;
  readonly writer: InventoryWriter;
  readonly agentId: string;
  /** `signal` aborts when it has ended: what waits then comes again over the next. */
  readonly link: { readonly signal: AbortSignal };
}

/** Stores the nodes or the apps that an agent tells of, and removes those that it tells of no more. */
class InventorySink<Report extends AnyReport> implements StatusSink<Report> {
  readonly #given: InventorySinkOptions<Report>;

  constructor(given: InventorySinkOptions<Report>) {
    this.#given = given;
  }

  /** What is of another form has no hash that an agent could have: it is sent again. */
  async held(): Promise<readonly HeldValue[]> {
    const { store, writer, agentId, kind } = this.#given;
    await writer.settled();
    const held: HeldValue[] = [];
    for (let after = ''; ; ) {
      const rows = await store.queries.heldInventory(agentId, kind.list, { after, limit: page });
      for (const { resourceId: id, hash, shape } of rows) held.push({ id, value: shape === kind.shape ? hash : '' });
      after = rows.at(-1)?.resourceId ?? '';
      if (rows.length < page) return held;
    }
  }

  async apply({ id, hash, status }: StatusUpdate<Report>): Promise<void> {
    const { kind, writer, agentId, link } = this.#given;
    if (id !== status.id) {
      throw new ProtocolError('invalid', `expected what is told of ${id} to say so, got ${status.id}`);
    }
    const item = { ...kind.toItem(status), hash, shape: kind.shape };
    const bytes = Buffer.byteLength(JSON.stringify(status));
    await writer.write(agentId, { type: 'put', list: kind.list, item }, { bytes, link });
  }

  async forget(id: string): Promise<void> {
    const { kind, writer, agentId, link } = this.#given;
    await writer.write(agentId, { type: 'gone', list: kind.list, resourceId: id }, { bytes: id.length, link });
  }
}

export function createInventorySink<Report extends AnyReport>(given: InventorySinkOptions<Report>): StatusSink<Report> {
  return new InventorySink(given);
}
