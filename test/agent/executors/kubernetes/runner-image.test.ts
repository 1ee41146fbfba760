import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadAgentConfig } from '../../../../agent/config.ts';
import { toJobManifest } from '../../../../agent/executors/kubernetes/job-manifest.ts';
import { JobSettings } from '../../../../agent/executors/kubernetes/job-settings.ts';
import { toRunnerImage } from '../../../../agent/executors/kubernetes/runner-image.ts';

const own = { FARHAND_HUB_URL: 'wss://hub.example.org', FARHAND_KUBERNETES: 'in-cluster' };

function configure(environment: Readonly<Record<string, string>>) {
  return toRunnerImage(loadAgentConfig({ environment: { ...own, ...environment }, flags: {} }));
}

/** As much of the template as the tests look at. */
interface PodSpec {
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly containers: readonly { readonly imagePullPolicy?: string }[];
  readonly initContainers: readonly {
    readonly image: string;
    readonly imagePullPolicy?: string;
    readonly securityContext: object;
  }[];
}

function podOf(environment: Readonly<Record<string, string>>, settings: object): PodSpec {
  const runner = configure(environment);
  assert.ok(runner !== null);
  const { job } = toJobManifest({
    identity: { attempt: '0198f2aa-0000-7000-8000-000000000001', agent: 'a', namespace: 'jobs', place: 'p' },
    command: { argv: ['true'], environment: {}, workingDirectory: '/', files: [] },
    settings: JobSettings.parse({ image: 'tools:1', ...settings }),
    graceSeconds: 1,
    timeoutMs: null,
    runner,
  });
  return (job['spec'] as unknown as { readonly template: { readonly spec: PodSpec } }).template.spec;
}

describe('the image of a runner', () => {
  it('is none where none is named, and where "none" is', () => {
    assert.equal(configure({}), null);
    assert.equal(configure({ FARHAND_KUBERNETES_RUNNER_IMAGE: 'none' }), null);
  });

  it('is pulled as its own keys say, beside what the automation says of the image of the job', () => {
    const pod = podOf(
      {
        FARHAND_KUBERNETES_RUNNER_IMAGE: 'registry.example.org/farhand:1',
        FARHAND_KUBERNETES_RUNNER_PULL_POLICY: 'Always',
        FARHAND_KUBERNETES_RUNNER_PULL_SECRETS: 'login,shared',
      },
      { imagePullSecrets: ['tools', 'shared'], imagePullPolicy: 'Never' },
    );

    assert.deepEqual(
      pod.imagePullSecrets?.map(({ name }) => name),
      ['tools', 'shared', 'login'],
    );
    assert.deepEqual(
      pod.initContainers.map(({ image, imagePullPolicy }) => [image, imagePullPolicy]),
      [
        ['registry.example.org/farhand:1', 'Always'],
        ['registry.example.org/farhand:1', 'Always'],
      ],
    );
    assert.equal(pod.containers[0]?.imagePullPolicy, 'Never');
  });

  it('is given resources by the patch of the automation', () => {
    const resources = { limits: { memory: '128Mi' } };
    const initContainers = ['farhand-prepare', 'farhand-runner'].map((name) => ({ name, resources }));

    const pod = podOf({ FARHAND_KUBERNETES_RUNNER_IMAGE: 'farhand:1' }, { patch: { spec: { initContainers } } });

    assert.equal(pod.initContainers.length, 2);
    for (const container of pod.initContainers)
      assert.partialDeepStrictEqual(container, { image: 'farhand:1', resources });
  });

  it('leaves the policy to the cluster where nobody says one, and needs no Secret', () => {
    const pod = podOf({ FARHAND_KUBERNETES_RUNNER_IMAGE: 'farhand:1' }, {});

    assert.equal(pod.imagePullSecrets, undefined);
    assert.ok(pod.initContainers.every((container) => !('imagePullPolicy' in container)));
  });

  it('runs as the standard "restricted" asks', () => {
    const pod = podOf({ FARHAND_KUBERNETES_RUNNER_IMAGE: 'farhand:1' }, {});

    for (const { securityContext } of pod.initContainers)
      assert.partialDeepStrictEqual(securityContext, {
        runAsNonRoot: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      });
  });
});
