import type { z } from 'zod';
import type { JsonObject } from '../../../protocol/json.ts';
import { apiResources } from '../../kubernetes/api-resource.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import { KubernetesError, type KubernetesErrorCode } from '../../kubernetes/kubernetes-error.ts';
import { NotNow } from '../not-now.ts';
import type { LogAnswer, OpenLog } from './log-source.ts';
import { mainContainer } from './main-container.ts';
import { JobView, PodView } from './pod-view.ts';

/** One Job, or what belongs to it: the Secret has the same name. */
export interface JobPlace {
  readonly namespace: string;
  readonly name: string;
}

/** Within this an answer comes, or there is none for now. */
const callMs = 20_000;

/** What these say of a cluster holds for now only. */
const passing: ReadonlySet<KubernetesErrorCode> = new Set([
  'credentials',
  'unreachable',
  'timeout',
  'malformed',
  'unauthorized',
  'too-many-requests',
  'server-failure',
]);

/**
 * What the executor asks of the cluster for one attempt. Each call rejects with `NotNow` where the cluster cannot be asked, and with
 * `KubernetesError` where it says no. What is not there any more is no failure of a deletion.
 */
export interface JobCalls {
  /** Null when there is one of that name already. */
  createJob(place: JobPlace, manifest: JsonObject): Promise<JobView | null>;
  getJob(place: JobPlace): Promise<JobView | null>;
  /** Takes the place of one that an earlier try made. */
  putSecret(place: JobPlace, manifest: JsonObject): Promise<void>;
  letGo(place: JobPlace, uid: string): Promise<void>;
  deleteJob(place: JobPlace, uid: string): Promise<void>;
  listPods(place: JobPlace): Promise<readonly PodView[]>;
  /** Has the node end the pod's containers, and keep the pod and its log. */
  endPod(pod: PodView): Promise<void>;
  deletePod(pod: PodView, graceSeconds: number): Promise<void>;
  openLog(pod: PodView, options: Parameters<OpenLog>[0]): Promise<LogAnswer>;
  /** The last warning about a Job; null where there is none, or we may not look. */
  findWarning(place: JobPlace): Promise<string | null>;
}

export function createJobCalls(client: KubernetesClient, disposed: AbortSignal): JobCalls {
  const { jobs, pods, secrets, events } = apiResources;
  const bound = () => AbortSignal.any([disposed, AbortSignal.timeout(callMs)]);

  async function ask<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = bound();
    try {
      return await call(signal);
    } catch (error) {
      if (error instanceof KubernetesError && !passing.has(error.code)) throw error;
      const { retryAfterMs = null } = error instanceof KubernetesError ? error : {};
      if (!(error instanceof KubernetesError) && !signal.aborted) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new NotNow(`the cluster cannot be asked: ${message}`, { cause: error, retryAfterMs });
    }
  }

  /** What is not there is the end that a deletion wants; one of another uid is not ours to delete. */
  async function remove(call: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    await unless(['not-found', 'conflict'], () => ask(call));
  }

  return {
    createJob: ({ namespace }, manifest) =>
      unless(['already-exists'], async () =>
        toView(JobView, await ask((signal) => client.create({ resource: jobs, namespace }, manifest, { signal }))),
      ),
    getJob: (place) =>
      unless(['not-found'], async () =>
        toView(JobView, await ask((signal) => client.get({ resource: jobs, ...place }, { signal }))),
      ),
    async putSecret(place, manifest) {
      const { namespace } = place;
      const create = () => ask((signal) => client.create({ resource: secrets, namespace }, manifest, { signal }));
      if ((await unless(['already-exists'], create)) !== null) return;
      await remove((signal) => client.delete({ resource: secrets, ...place }, { signal, uid: null }));
      await create();
    },
    async letGo(place, uid) {
      const body = { metadata: { uid }, spec: { suspend: false } };
      await ask((signal) => client.patch({ resource: jobs, ...place }, { type: 'merge', body }, { signal }));
    },
    deleteJob: (place, uid) => remove((signal) => client.delete({ resource: jobs, ...place }, { signal, uid })),
    async listPods({ namespace, name }) {
      const labelSelector = `job-name=${name}`;
      const { items } = await ask((signal) => client.list({ resource: pods, namespace }, { signal, labelSelector }));
      return items.map((item) => toView(PodView, item));
    },
    async endPod({ metadata: { namespace, name, uid } }) {
      const body = { metadata: { uid }, spec: { activeDeadlineSeconds: 1 } };
      const place = { resource: pods, namespace, name };
      await ask((signal) => client.patch(place, { type: 'merge', body }, { signal }));
    },
    deletePod: ({ metadata: { namespace, name, uid } }, graceSeconds) =>
      remove((signal) => client.delete({ resource: pods, namespace, name }, { signal, uid, graceSeconds })),
    async openLog({ metadata: { namespace, name: pod } }, { sinceSecond, follow, limitBytes, signal }) {
      const sinceTime = sinceSecond === null ? null : `${new Date(sinceSecond * 1000).toISOString().slice(0, 19)}Z`;
      const place = { namespace, pod, container: mainContainer, follow, sinceTime, limitBytes, timestamps: true };
      try {
        const answer = await client.openLog(place, { signal });
        return answer.type === 'stream' ? { type: 'log', chunks: answer.stream } : { type: 'not-yet' };
      } catch (error) {
        if (!(error instanceof KubernetesError)) throw error;
        if (error.code === 'not-found') return { type: 'gone' };
        if (error.status !== null && error.status >= 400) return { type: 'unreachable' };
        throw error;
      }
    },
    async findWarning({ namespace, name }) {
      const fieldSelector = `involvedObject.kind=Job,involvedObject.name=${name},type=Warning`;
      try {
        const { items } = await ask((signal) =>
          client.list({ resource: events, namespace }, { signal, fieldSelector }),
        );
        const message = items.at(-1)?.['message'];
        return typeof message === 'string' ? message : null;
      } catch {
        return null;
      }
    },
  };
}

async function unless<T>(codes: readonly KubernetesErrorCode[], call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof KubernetesError && codes.includes(error.code)) return null;
    throw error;
  }
}

/** A Job or pod that is none of what the API says is as good as no answer. */
function toView<T>(schema: z.ZodType<T>, object: unknown): T {
  const parsed = schema.safeParse(object);
  if (parsed.success) return parsed.data;
  throw new NotNow('the cluster answered with an object that is not what the API says', { cause: parsed.error });
}
