import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { permissions } from '../../../agent/kubernetes/permissions.ts';
import { checkPermissions } from '../../../agent/kubernetes/preflight.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { openKubePlace } from './kube-place.ts';

checkLeaks();

const { signal } = new AbortController();

interface Review {
  readonly spec: { readonly resourceAttributes: Readonly<Record<string, string>> };
}

suite('the preflight', () => {
  test('asks for each permission of what is switched on, where it is needed', async () => {
    await using place = await openKubePlace();

    const { missing, asked } = await checkPermissions(place.client, { features: ['jobs', 'inventory'], signal });

    const reviews = place.server.requests.map(({ body }) => (JSON.parse(body) as Review).spec.resourceAttributes);
    assert.deepEqual(missing, []);
    assert.equal(asked, permissions.length);
    assert.equal(reviews.length, asked);
    assert.ok(
      reviews.some((one) => one['resource'] === 'pods' && one['subresource'] === 'log' && one['namespace'] === 'jobs'),
    );
    assert.ok(reviews.some((one) => one['resource'] === 'nodes' && one['namespace'] === undefined));
  });

  test('says exactly which is missing, and what for', async () => {
    await using place = await openKubePlace();
    place.server.intercept = ({ body }, response) => {
      const { resource, verb } = (JSON.parse(body) as Review).spec.resourceAttributes;
      const allowed = !((resource === 'secrets' && verb === 'create') || (resource === 'nodes' && verb === 'watch'));
      response.writeHead(201).end(JSON.stringify({ status: { allowed } }));
      return true;
    };

    const { missing } = await checkPermissions(place.client, { features: ['jobs', 'inventory'], signal });

    assert.deepEqual(missing, [
      'expected the permission to create secrets in namespace jobs, to hand a pod what must not be in its manifest: grant it in a Role',
      'expected the permission to watch nodes in the whole cluster, to report the nodes of the cluster: grant it in a ClusterRole',
    ]);
  });

  test('asks for nothing that is switched off', async () => {
    await using place = await openKubePlace();

    const { asked } = await checkPermissions(place.client, { features: ['jobs'], signal });

    assert.equal(asked, permissions.filter(({ feature }) => feature === 'jobs').length);
  });
});
