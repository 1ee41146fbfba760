import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashStatus } from '../../sync/status-hash.ts';

test('hashes are those of Open Cluster Management', () => {
  const condition = (type: string, reason: string, message: string) => ({
    type,
    status: 'True',
    reason,
    message,
    lastTransitionTime: '2025-12-16T06:00:17Z',
  });
  const work = {
    conditions: [
      { ...condition('Applied', 'AppliedManifestWorkComplete', 'Apply manifest work complete'), observedGeneration: 1 },
    ],
    resourceStatus: {
      manifests: [
        {
          resourceMeta: {
            ordinal: 0,
            group: 'apps',
            version: 'v1',
            kind: 'Deployment',
            resource: 'deployments',
            name: 'maestro-e2e-upgrade-test',
            namespace: 'default',
          },
          statusFeedback: {},
          conditions: [condition('Applied', 'AppliedManifestComplete', 'Apply manifest complete')],
        },
      ],
    },
  };

  assert.equal(hashStatus({ resourceStatus: {} }), '3a4ba43801251ccdf889a3154674d23a35ab996aacfc00de92e61dbb2f5cf189');
  assert.equal(hashStatus(work), '6170884280acbd9d5e69ac59a00ef7cf84d50669621643782e7a3f1ab05836cf');
});
