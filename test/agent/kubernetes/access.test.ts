import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { ClusterAccess } from '../../../agent/kubernetes/access/cluster-access.ts';
import { openInClusterAccess } from '../../../agent/kubernetes/access/in-cluster.ts';
import { openKubeconfigAccess } from '../../../agent/kubernetes/access/kubeconfig-access.ts';
import { createKubernetesClient } from '../../../agent/kubernetes/create-client.ts';
import { KubernetesError } from '../../../agent/kubernetes/kubernetes-error.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createDirectOutlet } from '../../../runtime/network/outlet.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { createAuthority } from '../../support/certificates.ts';
import { FakeKubernetes } from '../../support/fake-kubernetes.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { writeKubeconfig } from './write-kubeconfig.ts';

checkLeaks();

const { signal } = new AbortController();
const environment = { PATH: process.env['PATH'] };

function clientOf(access: ClusterAccess) {
  return createKubernetesClient({
    access,
    outlet: createDirectOutlet({ logger: silentLogger }),
    clock: systemClock,
    random: systemRandom,
    namespace: access.namespace,
    perSecond: 1000,
    burst: 1000,
  });
}

function openKubeconfig(path: string, clock = systemClock) {
  return openKubeconfigAccess({ path, context: null, environment, clock });
}

/** Lists nodes: who may do that has logged in. */
async function logIn(access: ClusterAccess): Promise<void> {
  await using client = clientOf(access);
  await client
    .get(
      { resource: { group: 'batch', version: 'v1', plural: 'jobs', namespaced: true }, namespace: 'x', name: 'none' },
      { signal },
    )
    .catch((error: unknown) => {
      if (!(error instanceof KubernetesError) || error.code !== 'not-found') throw error;
    });
}

suite('a kubeconfig', () => {
  test('gives a token, and says where Jobs are made and what the cluster is called', async () => {
    await using server = await FakeKubernetes.start();
    const path = writeKubeconfig(server, { user: { token: server.token }, context: { namespace: 'farhand' } });

    const access = openKubeconfig(path);
    await logIn(access);

    assert.equal(access.namespace, 'farhand');
    assert.equal(access.cluster, 'the-cluster');
  });

  test('gives a file with a token, which is read again when the server refuses what it was', async () => {
    await using server = await FakeKubernetes.start();
    const file = join(server.folder, 'token');
    writeFileSync(file, 'old');
    const path = writeKubeconfig(server, { user: { tokenFile: 'token' } });
    const access = openKubeconfig(path);
    await assert.rejects(logIn(access), { code: 'unauthorized' });

    writeFileSync(file, `${server.token}\n`);

    await logIn(access);
  });

  test('gives a CA as data, and is trusted by no other', async () => {
    await using server = await FakeKubernetes.start();
    await using other = await FakeKubernetes.start();
    const data = (from: FakeKubernetes) => ({
      'certificate-authority': undefined,
      'certificate-authority-data': Buffer.from(from.ca).toString('base64'),
    });
    const user = { token: server.token };

    await logIn(openKubeconfig(writeKubeconfig(server, { user, cluster: data(server) })));
    const path = writeKubeconfig(server, { user, cluster: data(other) });
    await assert.rejects(logIn(openKubeconfig(path)), {
      code: 'unreachable',
      message: /name that CA in certificate-authority/,
    });
  });

  test('has whoever answers believed only where it says so', async () => {
    await using server = await FakeKubernetes.start();
    const user = { token: server.token };
    const none = { 'certificate-authority': undefined };

    await assert.rejects(logIn(openKubeconfig(writeKubeconfig(server, { user, cluster: none }))), {
      code: 'unreachable',
    });
    await logIn(
      openKubeconfig(writeKubeconfig(server, { user, cluster: { ...none, 'insecure-skip-tls-verify': true } })),
    );
  });

  test('may name another name for the certificate', async () => {
    await using server = await FakeKubernetes.start();
    const user = { token: server.token };

    await logIn(openKubeconfig(writeKubeconfig(server, { user, cluster: { 'tls-server-name': 'localhost' } })));
    const path = writeKubeconfig(server, { user, cluster: { 'tls-server-name': 'kubernetes.example' } });
    await assert.rejects(logIn(openKubeconfig(path)), { message: /tls-server-name of the cluster/ });
  });

  test('gives a certificate, which is shown', async () => {
    await using server = await FakeKubernetes.start();
    const mine = join(server.folder, 'mine');
    mkdirSync(mine);
    const pair = createAuthority(mine).issue({ names: 'DNS:me', days: 1 });
    writeFileSync(join(mine, 'tls.crt'), pair.cert);
    const shown: unknown[] = [];
    server.intercept = (_, response) => {
      const { socket } = response;
      if (socket !== null && 'getPeerCertificate' in socket)
        shown.push((socket as TLSSocket).getPeerCertificate().subject?.CN);
      response.writeHead(404).end();
      return true;
    };

    const data = Buffer.from(pair.key).toString('base64');
    const user = { 'client-certificate': 'mine/tls.crt', 'client-key-data': data };
    await logIn(openKubeconfig(writeKubeconfig(server, { user })));

    assert.deepEqual(shown, ['server']);
  });

  test('goes through the proxy that it names', async () => {
    await using server = await FakeKubernetes.start();
    const cluster = { 'proxy-url': 'http://127.0.0.1:9' };

    const path = writeKubeconfig(server, { user: { token: server.token }, cluster });

    await assert.rejects(logIn(openKubeconfig(path)), {
      message: /no connection to the proxy .*proxy-url of the kubeconfig/,
    });
  });

  const mistakes: readonly (readonly [string, { user?: object; cluster?: object; context?: object }, RegExp])[] = [
    ['a user by auth-provider', { user: { 'auth-provider': { name: 'gcp' } } }, /auth-provider/],
    [
      'a certificate without its key',
      { user: { 'client-certificate': 'x' } },
      /client-certificate and client-key together/,
    ],
    [
      'a plugin that wants a terminal',
      { user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'x', interactiveMode: 'Always' } } },
      /interactiveMode/,
    ],
    ['plaintext to another machine', { cluster: { server: 'http://kubernetes.example' } }, /expected https:\/\//],
    ['a server that is no URL', { cluster: { server: 'nowhere' } }, /a cluster the cluster \(server/],
    ['a proxy of another kind', { cluster: { 'proxy-url': 'socks5://x' } }, /proxy-url/],
    ['somebody else', { user: { as: 'root' } }, /impersonation/],
  ];
  for (const [what, given, words] of mistakes) {
    test(`is refused with ${what}`, async () => {
      await using server = await FakeKubernetes.start();
      const path = writeKubeconfig(server, { user: { token: 'secret-token' }, ...given });

      assert.throws(
        () => openKubeconfig(path),
        (error: unknown) =>
          error instanceof Error && words.test(error.message) && !error.message.includes('secret-token'),
      );
    });
  }

  test('that is no YAML is refused without a line of it', async () => {
    await using server = await FakeKubernetes.start();
    const path = join(server.folder, 'broken');
    writeFileSync(path, 'token: "secret-token\n  x: [');

    assert.throws(
      () => openKubeconfig(path),
      (error: unknown) =>
        error instanceof Error && /expected YAML or JSON/.test(error.message) && !error.message.includes('secret'),
    );
  });

  test('says which contexts there are where it has not the one that is meant', async () => {
    await using server = await FakeKubernetes.start();
    const path = writeKubeconfig(server, { user: {} });

    assert.throws(
      () => openKubeconfigAccess({ path, context: 'there', environment, clock: systemClock }),
      /FARHAND_KUBERNETES_CONTEXT: expected one of the contexts in .* \(here\), got there/,
    );
  });
});

suite('a credential plugin', () => {
  function writePlugin(server: FakeKubernetes, script: string): object {
    const file = join(server.folder, 'plugin');
    writeFileSync(file, `#!/bin/sh\necho ran >> '${server.folder}/runs'\n${script}\n`);
    chmodSync(file, 0o755);
    const env = [{ name: 'TOKEN', value: server.token }];
    return {
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: './plugin',
        args: ['x'],
        env,
        provideClusterInfo: true,
      },
    };
  }

  const print = (status: string) => `printf '{"kind":"ExecCredential","status":${status}}' "$TOKEN"`;

  test('is run once for as long as its token lasts, and again when that is over', async () => {
    await using server = await FakeKubernetes.start();
    const clock = createVirtualClock();
    const runs = () => readFileSync(join(server.folder, 'runs'), 'utf8').trim().split('\n').length;
    const end = new Date(clock.now() + 600_000).toISOString();
    const user = writePlugin(server, print(`{"token":"%s","expirationTimestamp":"${end}"}`));
    const access = openKubeconfig(writeKubeconfig(server, { user }), clock);

    const [one] = await Promise.all([access.authorize({ signal }), access.authorize({ signal })]);
    await access.authorize({ signal });
    const before = runs();
    await clock.advance(580_000);
    await access.authorize({ signal });

    assert.equal(one.header, `Bearer ${server.token}`);
    assert.deepEqual([before, runs()], [1, 2]);
  });

  test('is run again when the server refuses its token', async () => {
    await using server = await FakeKubernetes.start();
    const user = writePlugin(server, `test -e first || { touch first; TOKEN=old; }\n${print('{"token":"%s"}')}`);

    await logIn(openKubeconfig(writeKubeconfig(server, { user })));

    assert.equal(server.requests.length, 2);
  });

  test('is told of the cluster where it asks for that', async () => {
    await using server = await FakeKubernetes.start();
    const user = writePlugin(
      server,
      `test "$(printf %s "$KUBERNETES_EXEC_INFO" | grep -c '"server":"${server.url}"')" = 1 || exit 9\n${print('{"token":"%s"}')}`,
    );

    await logIn(openKubeconfig(writeKubeconfig(server, { user })));
  });

  test('may give a certificate', async () => {
    await using server = await FakeKubernetes.start();
    const mine = join(server.folder, 'mine');
    mkdirSync(mine);
    const pair = createAuthority(mine).issue({ names: 'DNS:me', days: 1 });
    writeFileSync(
      join(server.folder, 'credential'),
      JSON.stringify({ kind: 'ExecCredential', status: { clientCertificateData: pair.cert, clientKeyData: pair.key } }),
    );
    const shown: unknown[] = [];
    server.intercept = (_, response) => {
      const socket = response.socket as TLSSocket;
      shown.push(socket.getPeerCertificate().subject?.CN);
      response.writeHead(404).end();
      return true;
    };

    await logIn(openKubeconfig(writeKubeconfig(server, { user: writePlugin(server, 'cat credential') })));

    assert.deepEqual(shown, ['server']);
  });

  const failures: readonly (readonly [string, string, RegExp])[] = [
    ['ends with a status', 'echo no such profile >&2; exit 3', /it ended with 3: no such profile/],
    ['prints something else', 'echo hello', /is no JSON/],
    [
      'prints nothing that says who we are',
      `echo '{"kind":"ExecCredential","status":{}}'`,
      /neither a token nor a certificate/,
    ],
  ];
  for (const [what, script, words] of failures) {
    test(`that ${what} is told so`, async () => {
      await using server = await FakeKubernetes.start();
      const access = openKubeconfig(writeKubeconfig(server, { user: writePlugin(server, script) }));

      await assert.rejects(access.authorize({ signal }), { code: 'credentials', message: words });
    });
  }

  test('that is not there is told so', async () => {
    await using server = await FakeKubernetes.start();
    const user = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'no-such-plugin' } };
    const access = openKubeconfig(writeKubeconfig(server, { user }));

    await assert.rejects(access.authorize({ signal }), { code: 'credentials', message: /no-such-plugin.*ENOENT/ });
  });
});

suite('in a pod', () => {
  function writeAccount(server: FakeKubernetes): string {
    const folder = join(server.folder, 'account');
    mkdirSync(folder);
    writeFileSync(join(folder, 'token'), server.token);
    writeFileSync(join(folder, 'namespace'), 'tools');
    writeFileSync(join(folder, 'ca.crt'), server.ca);
    return folder;
  }

  test('the service account says who we are, whom to trust and where we are', async () => {
    await using server = await FakeKubernetes.start();
    const { hostname, port } = new URL(server.url);
    const pod = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };

    const access = openInClusterAccess({ environment: pod, clock: systemClock, folder: writeAccount(server) });
    await logIn(access);

    assert.equal(access.namespace, 'tools');
  });

  test('without one, or outside of a pod, it is said what is missing', async () => {
    await using server = await FakeKubernetes.start();
    const open = (pod: Record<string, string>) => () =>
      openInClusterAccess({ environment: pod, clock: systemClock, folder: join(server.folder, 'none') });

    assert.throws(open({}), /no KUBERNETES_SERVICE_HOST/);
    assert.throws(open({ KUBERNETES_SERVICE_HOST: '127.0.0.1' }), /automountServiceAccountToken/);
  });
});
