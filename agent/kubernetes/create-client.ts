import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Clock } from '../../runtime/clock.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import type { Random } from '../../runtime/random.ts';
import type { ClusterAccess } from './access/cluster-access.ts';
import { type ApiCall, createApiCalls } from './api-calls.ts';
import { type Collection, toCallWords } from './api-resource.ts';
import type { CallOptions, KubernetesClient, ObjectList, PatchType, Selection } from './kubernetes-client.ts';
import { KubernetesError } from './kubernetes-error.ts';
import { KubernetesObject } from './kubernetes-object.ts';
import { openLog } from './open-log.ts';
import { readBody } from './read-body.ts';
import { readWatch } from './read-watch.ts';
import { createRequestCounter } from './request-counts.ts';

/** A watch may take its time before it begins. */
const watchHeadWithinMs = 60_000;
const pageSize = 500;
/** The server ends a watch after a random time between this and twice as long, as it does for kubectl. */
const watchSeconds = 300;
const maxPages = 10_000;

const patchTypes: PatchType = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
};

const Version = z.object({ gitVersion: z.string().max(256) });

const Page = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().nullish() }),
  items: z
    .array(KubernetesObject)
    .nullish()
    .transform((items) => items ?? []),
});

const AccessReview = z.object({
  status: z.object({ allowed: z.boolean(), reason: z.string().default('') }),
});

const strict = (dryRun: boolean | undefined) => ({
  fieldValidation: 'Strict',
  dryRun: dryRun === true ? 'All' : undefined,
});

export function createKubernetesClient(options: {
  readonly access: ClusterAccess;
  readonly outlet: Outlet;
  readonly clock: Clock;
  readonly random: Random;
  readonly namespace: string;
  readonly perSecond: number;
  readonly burst: number;
}): KubernetesClient {
  const { clock, namespace, random } = options;
  const counter = createRequestCounter(clock);
  const calls = createApiCalls({ ...options, counter });

  async function readObject(call: ApiCall): Promise<KubernetesObject> {
    const { verb, place, signal } = call;
    return calls.read(await calls.send(call), { call: toCallWords(verb, place), schema: KubernetesObject, signal });
  }

  async function* listPages(
    place: Collection,
    { signal, labelSelector, fieldSelector }: CallOptions & Selection,
  ): AsyncGenerator<ObjectList> {
    const call = toCallWords('list', place);
    let next: string | undefined;
    for (let pages = 0; pages < maxPages; pages += 1) {
      const query = { limit: String(pageSize), continue: next, labelSelector, fieldSelector };
      const answer = await calls.send({ verb: 'list', place, query, signal });
      const { items, metadata } = await calls.read(answer, { call, schema: Page, signal });
      yield { items, resourceVersion: metadata.resourceVersion };
      next = metadata.continue ?? '';
      if (next === '') return;
    }
    throw new KubernetesError('malformed', `${call}: more than ${maxPages} pages`);
  }

  /** Counts it as long as it is open. */
  function toStream<T>(answer: IncomingMessage, items: AsyncIterable<T>): AsyncIterable<T> & AsyncDisposable {
    counter.streamsChanged(1);
    answer.once('close', () => counter.streamsChanged(-1));
    return {
      [Symbol.asyncIterator]: () => items[Symbol.asyncIterator](),
      async [Symbol.asyncDispose]() {
        answer.destroy();
      },
    };
  }

  return {
    namespace,
    get counts() {
      return counter.counts;
    },
    get connection() {
      return counter.connection;
    },
    get: (place, { signal }) => readObject({ verb: 'get', place, signal }),
    listPages,
    async list(place, options) {
      const items: KubernetesObject[] = [];
      let resourceVersion = '';
      for await (const page of listPages(place, options)) {
        for (const item of page.items) items.push(item);
        resourceVersion = page.resourceVersion;
      }
      return { items, resourceVersion };
    },
    create: (place, manifest, { signal, dryRun }) =>
      readObject({ verb: 'create', place, query: strict(dryRun), body: JSON.stringify(manifest), signal }),
    patch: (place, { type, body }, { signal, dryRun }) =>
      readObject({
        verb: 'patch',
        place,
        query: strict(dryRun),
        contentType: patchTypes[type],
        body: JSON.stringify(body),
        signal,
      }),
    async delete(place, { signal, uid, graceSeconds }) {
      const body = {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        propagationPolicy: 'Background',
        ...(uid === null ? {} : { preconditions: { uid } }),
        ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
      };
      const answer = await calls.send({ verb: 'delete', place, body: JSON.stringify(body), signal });
      await readBody(answer, { call: toCallWords('delete', place), clock, signal });
    },
    async watch(place, { signal, labelSelector, fieldSelector, resourceVersion }) {
      const query = {
        watch: 'true',
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(Math.round(watchSeconds * (1 + random.fraction()))),
        resourceVersion,
        labelSelector,
        fieldSelector,
      };
      const answer = await calls.send({ verb: 'watch', place, query, headWithinMs: watchHeadWithinMs, signal });
      return toStream(answer, readWatch(answer, { call: toCallWords('watch', place), signal }));
    },
    openLog: (place, { signal }) => openLog(place, { calls, toStream, signal }),
    async version({ signal }) {
      const call = 'get the version of the server';
      const request = { method: 'GET', path: '/version', body: null, call, signal } as const;
      const answer = await calls.sendOpen({ ...request, verb: 'get', resource: 'version' });
      return (await calls.read(answer, { call, schema: Version, signal })).gitVersion;
    },
    async mayDo({ verb, group, resource, subresource }, { signal, namespace: where }) {
      const resourceAttributes = {
        verb,
        group,
        resource,
        ...(subresource === null ? {} : { subresource }),
        ...(where === null ? {} : { namespace: where }),
      };
      const review = { kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1' };
      const call = 'ask what we may do';
      const answer = await calls.sendOpen({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        body: JSON.stringify({ ...review, spec: { resourceAttributes } }),
        call,
        signal,
        verb: 'create',
        resource: 'selfsubjectaccessreviews',
      });
      return (await calls.read(answer, { call, schema: AccessReview, signal })).status;
    },
    [Symbol.asyncDispose]: () => calls[Symbol.asyncDispose](),
  };
}
