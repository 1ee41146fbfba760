import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import type { Collection, ObjectPlace } from './api-resource.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import type { LogAnswer, LogPlace } from './log-answer.ts';
import type { Permission } from './permissions.ts';
import type { RequestCounts, ServerConnection } from './request-counts.ts';
import type { WatchStream } from './watch-stream.ts';

export interface CallOptions {
  readonly signal: AbortSignal;
}

export interface Selection {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Objects of a collection as they were at one moment. */
export interface ObjectList {
  readonly items: readonly KubernetesObject[];
  /** From here a watch goes on. */
  readonly resourceVersion: string;
}

export interface PatchType {
  readonly merge: 'application/merge-patch+json';
  readonly strategic: 'application/strategic-merge-patch+json';
  readonly json: 'application/json-patch+json';
}

/**
 * The Kubernetes API as farhand uses it. JSON goes and comes as it is: nothing is dropped. Each call waits for its turn (`FARHAND_KUBERNETES_QPS`), and
 * rejects with `KubernetesError`, or with the signal's reason. An answer of 429 or 5xx that says when to come back is waited for and asked again, once,
 * where that is soon; anything more is the caller's. Each must be a row of `permissions.ts`: another one throws before it is made.
 */
export interface KubernetesClient extends AsyncDisposable {
  /** Where Jobs are made. */
  readonly namespace: string;
  readonly counts: RequestCounts;
  readonly connection: ServerConnection;
  get(place: ObjectPlace, options: CallOptions): Promise<KubernetesObject>;
  /** Page by page, each with the version of the whole list. Throws `gone` where the objects changed too long ago for the next page: begin again. */
  listPages(collection: Collection, options: CallOptions & Selection): AsyncIterable<ObjectList>;
  /** All pages together. */
  list(collection: Collection, options: CallOptions & Selection): Promise<ObjectList>;
  /** Unknown and doubled fields are refused (`bad-request`). `dryRun`: everything is checked, nothing is stored. */
  create(
    collection: Collection,
    manifest: JsonObject,
    options: CallOptions & { readonly dryRun?: boolean },
  ): Promise<KubernetesObject>;
  patch(
    place: ObjectPlace,
    patch: { readonly type: keyof PatchType; readonly body: JsonValue },
    options: CallOptions & { readonly dryRun?: boolean },
  ): Promise<KubernetesObject>;
  /** What it owns is deleted too, behind it (`Background`). `conflict`: the object of that name has another uid. */
  delete(
    place: ObjectPlace,
    options: CallOptions & { readonly uid: string | null; readonly graceSeconds?: number },
  ): Promise<void>;
  /** Resolves when the server has begun it. It ends by itself after some minutes: see `WatchStream`. */
  watch(
    collection: Collection,
    options: CallOptions & Selection & { readonly resourceVersion: string },
  ): Promise<WatchStream>;
  openLog(place: LogPlace, options: CallOptions): Promise<LogAnswer>;
  /** Of the server: `v1.35.4`. */
  version(options: CallOptions): Promise<string>;
  /** Whether we may; `namespace` null for everywhere. */
  mayDo(
    permission: Permission,
    options: CallOptions & { readonly namespace: string | null },
  ): Promise<{ readonly allowed: boolean; readonly reason: string }>;
}
