import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type JobManifest, toJobManifest } from '../../../../agent/executors/kubernetes/job-manifest.ts';
import { JobSettings } from '../../../../agent/executors/kubernetes/job-settings.ts';
import { PatchError } from '../../../../agent/executors/kubernetes/patch-error.ts';
import type { JsonObject } from '../../../../protocol/json.ts';

const runner = {
  image: 'farhand:1',
  shell: '/opt/farhand/bin/sh-static',
  environment: {},
  caPath: null,
  waySecret: 'way-to-the-hub',
};

function make(settings: object = {}, over: Partial<typeof runner> = {}): JobManifest {
  return toJobManifest({
    identity: { attempt: 'one', agent: 'a', namespace: 'jobs', place: 'p' },
    command: {
      argv: ['sh'],
      environment: {},
      workingDirectory: '/',
      files: [{ name: 'ticket', content: 't', executable: false }],
    },
    settings: JobSettings.parse({ image: 'busybox:1', ...settings }),
    graceSeconds: 30,
    timeoutMs: null,
    runner: { ...runner, ...over },
  });
}

interface Container {
  readonly name: string;
  readonly volumeMounts: readonly { readonly name: string }[];
}

function specOf({ job }: JobManifest) {
  const { spec } = (job['spec'] as JsonObject)['template'] as unknown as {
    spec: { containers: Container[]; initContainers: Container[]; volumes: { name: string; secret?: object }[] };
  };
  return spec;
}

describe('a pod with a runner', () => {
  it('shows the Secret of the way to the hub to its runner, and to nothing else', () => {
    const { containers, initContainers, volumes } = specOf(make());

    const seers = [...containers, ...initContainers].filter(({ volumeMounts }) =>
      volumeMounts.some(({ name }) => name === 'farhand-way'),
    );
    assert.deepEqual(
      seers.map(({ name }) => name),
      ['farhand-runner'],
    );
    assert.deepEqual(volumes.find(({ name }) => name === 'farhand-way')?.secret, {
      secretName: 'way-to-the-hub',
      defaultMode: 0o440,
    });
  });

  it('may get bounds for its runner by a patch, which must not take it out or change it', () => {
    const bounds = { name: 'farhand-runner', resources: { limits: { memory: '200Mi' } } };

    assert.doesNotThrow(() => make({ patch: { spec: { initContainers: [bounds] } } }));
    const wrong = [
      { patchType: 'merge', patch: { spec: { initContainers: [] } } },
      { patch: { spec: { initContainers: [{ name: 'farhand-runner', $patch: 'delete' }] } } },
      { patch: { spec: { initContainers: [{ name: 'farhand-runner', args: ['agent'] }] } } },
    ];
    for (const settings of wrong) assert.throws(() => make(settings), PatchError, JSON.stringify(settings));
  });
});
