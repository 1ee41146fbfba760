import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toJobManifest } from '../../../../agent/executors/kubernetes/job-manifest.ts';
import { toJobName } from '../../../../agent/executors/kubernetes/job-name.ts';
import { JobSettings } from '../../../../agent/executors/kubernetes/job-settings.ts';
import { PatchError } from '../../../../agent/executors/kubernetes/patch-error.ts';
import { runnerConfigSchema } from '../../../../agent/runner/runner-config.ts';

const attempt = '0198f2aa-0000-7000-8000-000000000001';
const identity = { attempt, agent: 'agent-1', namespace: 'jobs', place: 'place-1' };
const command = {
  argv: ['/bin/echo', '$(HOME) $$ $', 'b'] as const,
  environment: { PASSWORD: 'hunter2', EMPTY: '' },
  workingDirectory: '/farhand/job',
  files: [{ name: 'parameters.json', content: '{"key":"hunter3"}', executable: false }],
};

function make(settings: Record<string, unknown> = {}, of = command, timeoutMs: number | null = null) {
  return toJobManifest({
    identity,
    command: { ...of, argv: [...of.argv] },
    settings: JobSettings.parse({ image: 'localhost/busybox:1', ...settings }),
    graceSeconds: 10,
    timeoutMs,
  });
}

/** A pod's template as plain data that tests may look into. */
// oxlint-disable-next-line typescript/no-explicit-any -- the shape is what is tested
const specOf = (manifest: ReturnType<typeof make>): any => manifest.job['spec'];

describe('the manifest of a Job', () => {
  it('starts nothing by itself, never starts again, and never twice', () => {
    const { suspend, backoffLimit, completions, parallelism, template } = specOf(make());

    assert.deepEqual(
      { suspend, backoffLimit, completions, parallelism, restartPolicy: template.spec.restartPolicy },
      { suspend: true, backoffLimit: 0, completions: 1, parallelism: 1, restartPolicy: 'Never' },
    );
  });

  it('leaves a runner the time that it takes behind the command, before its pod is killed', () => {
    const runner = { image: 'localhost/farhand:1', shell: '/sh', environment: {}, caPath: null, waySecret: null };
    const options = { identity, command, settings: JobSettings.parse({ image: 'busybox' }), timeoutMs: null };
    const graceOf = (manifest: ReturnType<typeof make>) => specOf(manifest).template.spec.terminationGracePeriodSeconds;

    const beside = toJobManifest({ ...options, graceSeconds: 10, runner });

    assert.equal(graceOf(make()), 10);
    assert.equal(graceOf(beside), 10 + Number(runnerConfigSchema.stopSeconds.default));
  });

  it('holds no value of the environment and no content of a file', () => {
    const { job, toSecret } = make();

    assert.doesNotMatch(JSON.stringify(job), /hunter/);
    const secret = toSecret('uid-1');
    assert.deepEqual(secret['metadata'], {
      name: toJobName(attempt),
      namespace: 'jobs',
      labels: (job['metadata'] as Record<string, unknown>)['labels'],
      annotations: (job['metadata'] as Record<string, unknown>)['annotations'],
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: toJobName(attempt), uid: 'uid-1' }],
    });
    assert.equal(secret['immutable'], true);
    const values = Object.values(secret['data'] as Record<string, string>);
    assert.deepEqual(
      values.map((value) => Buffer.from(value, 'base64').toString()),
      ['hunter2', '', '{"key":"hunter3"}'],
    );
  });

  it('gives each variable and each file out of the Secret', () => {
    const { containers, volumes } = specOf(make()).template.spec;

    const name = toJobName(attempt);
    assert.deepEqual(containers[0].env, [
      { name: 'PASSWORD', valueFrom: { secretKeyRef: { name, key: 'variable-0' } } },
      { name: 'EMPTY', valueFrom: { secretKeyRef: { name, key: 'variable-1' } } },
    ]);
    assert.deepEqual(containers[0].volumeMounts, [
      { name: 'farhand-job', mountPath: '/farhand/job' },
      { name: 'farhand-files', mountPath: '/farhand/job/parameters.json', subPath: 'file-0', readOnly: true },
    ]);
    assert.deepEqual(volumes[1].secret, { secretName: name, items: [{ key: 'file-0', path: 'file-0', mode: 0o444 }] });
  });

  it('keeps dollars of arguments from being replaced', () => {
    const { containers } = specOf(make()).template.spec;

    assert.deepEqual(containers[0].command, ['/bin/echo']);
    assert.deepEqual(containers[0].args, ['$$(HOME) $$$$ $$', 'b']);
  });

  it('gives no token of a service account unless it is asked for', () => {
    assert.equal(specOf(make()).template.spec.automountServiceAccountToken, false);
    assert.equal(specOf(make({ automountServiceAccountToken: true })).template.spec.automountServiceAccountToken, true);
  });

  it('says what the automation asks for', () => {
    const { template, activeDeadlineSeconds, ttlSecondsAfterFinished } = specOf(
      make({
        imagePullPolicy: 'Never',
        imagePullSecrets: ['login'],
        resources: { requests: { cpu: 0.5 }, limits: { memory: '64Mi' } },
        serviceAccountName: 'runner',
        nodeSelector: { disk: 'ssd' },
        activeDeadlineSeconds: 70,
        ttlSeconds: 90,
      }),
    );

    const { imagePullSecrets, serviceAccountName, nodeSelector, containers } = template.spec;
    assert.deepEqual(
      { activeDeadlineSeconds, ttlSecondsAfterFinished, imagePullSecrets, serviceAccountName, nodeSelector },
      {
        activeDeadlineSeconds: 70,
        ttlSecondsAfterFinished: 90,
        imagePullSecrets: [{ name: 'login' }],
        serviceAccountName: 'runner',
        nodeSelector: { disk: 'ssd' },
      },
    );
    assert.equal(containers[0].imagePullPolicy, 'Never');
    assert.deepEqual(containers[0].resources, { requests: { cpu: '0.5' }, limits: { memory: '64Mi' } });
  });

  it('has the cluster end it when no agent does, later than the agent would', () => {
    assert.equal(specOf(make({ pendingSeconds: 300 }, command, 60_000)).activeDeadlineSeconds, 60 + 10 + 300 + 120);
    assert.equal(specOf(make()).activeDeadlineSeconds, undefined);
  });

  it('has another digest when anything but its secrets is another', () => {
    const { digest } = make();

    assert.equal(make().digest, digest);
    assert.equal(make({}, { ...command, environment: { PASSWORD: 'other', EMPTY: '' } }).digest, digest);
    assert.notEqual(make({ nodeSelector: { a: 'b' } }).digest, digest);
  });

  it('has labels and annotations of its own whatever the patch says', () => {
    const { template } = specOf(
      make({ patch: { metadata: { labels: { 'farhand.io/agent': 'other', team: 'a' }, annotations: { note: 'b' } } } }),
    );

    assert.equal(template.metadata.labels['farhand.io/agent'], 'agent-1');
    assert.equal(template.metadata.labels.team, 'a');
    assert.equal(template.metadata.annotations.note, 'b');
    assert.equal(template.metadata.annotations['farhand.io/attempt'], attempt);
    assert.equal(template.metadata.annotations['cluster-autoscaler.kubernetes.io/safe-to-evict'], 'false');
  });

  it('takes containers, variables and mounts of a patch', () => {
    const { template } = specOf(
      make({
        patch: {
          spec: {
            containers: [
              { name: 'main', env: [{ name: 'MORE', value: '1' }], volumeMounts: [{ name: 'v', mountPath: '/v' }] },
              { name: 'side', image: 'a' },
            ],
            volumes: [{ name: 'v', emptyDir: {} }],
          },
        },
      }),
    );

    assert.deepEqual(
      template.spec.containers.map(({ name }: { name: string }) => name),
      ['main', 'side'],
    );
    assert.equal(template.spec.containers[0].env.length, 3);
    assert.equal(template.spec.volumes.length, 3);
  });

  for (const [what, patch] of [
    ['the command', { spec: { containers: [{ name: 'main', command: ['x'] }] } }],
    ['the arguments', { spec: { containers: [{ name: 'main', args: null }] } }],
    ['the restart policy', { spec: { restartPolicy: 'OnFailure' } }],
    ['a variable of ours', { spec: { containers: [{ name: 'main', env: [{ name: 'PASSWORD', value: 'x' }] }] } }],
    [
      'a mount of ours',
      { spec: { containers: [{ name: 'main', volumeMounts: [{ mountPath: '/farhand/job', $patch: 'delete' }] }] } },
    ],
    ['a volume of ours', { spec: { volumes: [{ $patch: 'replace' }] } }],
    ['the container itself', { spec: { containers: [{ name: 'main', $patch: 'delete' }] } }],
    ['all containers', { spec: { containers: null } }],
    ['where outputs are read from', { spec: { containers: [{ name: 'main', terminationMessagePath: '/x' }] } }],
    ['the name of the pod', { metadata: { name: 'x' } }],
  ] as const) {
    it(`refuses a patch of ${what}`, () => {
      assert.throws(() => make({ patch }), PatchError);
    });
  }
});

describe('the name of a Job', () => {
  it('is the attempt, and always the same', () => {
    assert.equal(toJobName(attempt), `farhand-${attempt}`);
  });

  it('is a label whatever the attempt is called', () => {
    for (const name of ['UPPER', 'a_b', 'x'.repeat(100), 'ends-'])
      assert.match(toJobName(name), /^[a-z0-9][-a-z0-9]{0,61}[a-z0-9]$/);
    assert.notEqual(toJobName('UPPER'), toJobName('upper'));
  });
});
