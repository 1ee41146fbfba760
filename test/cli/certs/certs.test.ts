import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { createAuthority } from '../../../cli/certs/authority.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { type CommandResult, runCommand } from '../../support/run-command.ts';

checkLeaks();

/** A folder with a CA in `certs`. */
async function createFolder() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'farhand-certs-'));
  const at = (name: string) => join(folder.path, 'certs', name);
  const certs = async (...args: readonly string[]): Promise<CommandResult> =>
    runCommand(['certs', ...args], { folder: folder.path });
  const made = await certs('ca');
  assert.equal(made.exitCode, 0, made.stderr);
  return {
    path: folder.path,
    at,
    certs,
    read: (name: string) => readFileSync(at(name)),
    certificate: (name: string) => new X509Certificate(readFileSync(at(name))),
    /** What OpenSSL says of it, as strict as it can be. */
    verify(name: string, purpose: 'sslserver' | 'sslclient', ...more: readonly string[]) {
      const args = ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', at('ca.pem'), ...more, at(name)];
      const { stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
      return `${stdout}${stderr}`.replaceAll(folder.path, '');
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const day = 86_400_000;
const daysOf = ({ validFromDate, validToDate }: X509Certificate) =>
  Math.round((validToDate.getTime() - validFromDate.getTime()) / day);

describe('farhand certs', () => {
  it('makes a CA for ten years that may sign others but no other CA, with a key for nobody else', async () => {
    await using folder = await createFolder();

    const ca = folder.certificate('ca.pem');
    assert.equal(ca.ca, true);
    assert.equal(ca.checkIssued(ca), true);
    assert.match(ca.subject, /^CN=farhand CA \d{4}-\d\d-\d\d [0-9a-f]{4}$/);
    assert.equal(daysOf(ca), 3650);
    assert.equal(statSync(folder.at('ca.key')).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder.path, 'certs')).mode & 0o777, 0o700);
    const text = spawnSync('openssl', ['x509', '-in', folder.at('ca.pem'), '-noout', '-text'], { encoding: 'utf8' });
    assert.match(text.stdout, /Basic Constraints: critical\n +CA:TRUE, pathlen:0/);
    assert.match(text.stdout, /Key Usage: critical\n +Certificate Sign, CRL Sign/);
  });

  it('makes a certificate for every kind of name of a hub, which OpenSSL takes', async () => {
    await using folder = await createFolder();
    const names = [
      'hub.example.org',
      '*.hub.example.org',
      'localhost',
      'bücher.example',
      '127.0.0.1',
      '::1',
      '2001:db8::ff:1',
    ];

    const { exitCode, stderr } = await folder.certs('hub', ...names);

    assert.equal(exitCode, 0, stderr);
    const hub = folder.certificate('hub.pem');
    assert.equal(daysOf(hub), 397);
    for (const name of ['hub.example.org', 'a.hub.example.org', 'localhost', 'xn--bcher-kva.example']) {
      assert.equal(folder.verify('hub.pem', 'sslserver', '-verify_hostname', name), '/certs/hub.pem: OK\n');
    }
    for (const address of ['127.0.0.1', '::1', '2001:db8::ff:1']) {
      assert.equal(folder.verify('hub.pem', 'sslserver', '-verify_ip', address), '/certs/hub.pem: OK\n');
    }
    assert.match(folder.verify('hub.pem', 'sslserver', '-verify_hostname', 'other.example.org'), /hostname mismatch/i);
    assert.match(folder.verify('hub.pem', 'sslclient'), /unsuitable certificate purpose/);
  });

  it('makes certificates of agents and people, which are good for no server', async () => {
    await using folder = await createFolder();

    await folder.certs('agent', 'a1');
    await folder.certs('agent', 'a1', '--account', 'team');
    await folder.certs('client', 'ada');

    assert.equal(folder.certificate('agent-a1.pem').subjectAltName, 'URI:farhand:agent:default/a1');
    assert.equal(folder.certificate('agent-team-a1.pem').subjectAltName, 'URI:farhand:agent:team/a1');
    assert.equal(folder.certificate('client-ada.pem').subjectAltName, undefined);
    for (const name of ['agent-a1.pem', 'agent-team-a1.pem', 'client-ada.pem']) {
      assert.equal(folder.verify(name, 'sslclient'), `/certs/${name}: OK\n`);
      assert.match(folder.verify(name, 'sslserver'), /unsuitable certificate purpose/);
    }
  });

  it('makes pairs that serve and that are shown in a real handshake', async () => {
    await using folder = await createFolder();
    await folder.certs('hub', 'localhost');
    await folder.certs('agent', 'a1');
    const ca = folder.read('ca.pem');
    const options = { cert: folder.read('hub.pem'), key: folder.read('hub.key'), ca, requestCert: true };
    const server = createServer({ ...options, rejectUnauthorized: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;

    const client = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca,
      cert: folder.read('agent-a1.pem'),
      key: folder.read('agent-a1.key'),
    });
    await once(client, 'secureConnect');
    const [socket] = await accepted;

    assert.equal(client.authorized, true);
    assert.equal(socket.authorized, true);
    assert.equal(socket.getPeerX509Certificate()?.subjectAltName, 'URI:farhand:agent:default/a1');
    client.destroy();
    socket.destroy();
    server.close();
    await once(server, 'close');
  });

  it('writes lengths of every size', async () => {
    await using folder = await createFolder();
    const names = Array.from({ length: 2_000 }, (_, index) => `host-${index}.a-rather-long-domain.example.org`);

    await folder.certs('hub', ...names);

    assert.equal(folder.certificate('hub.pem').subjectAltName, names.map((name) => `DNS:${name}`).join(', '));
    assert.equal(folder.verify('hub.pem', 'sslserver', '-verify_hostname', names[1999] ?? ''), '/certs/hub.pem: OK\n');
  });

  it('lets no certificate outlive its CA, and writes years from 2050 on', async () => {
    await using folder = await createFolder();
    await folder.certs('ca', '--folder', 'long', '--days', '36500');
    await folder.certs('hub', 'localhost', '--days', '36500');

    const long = new X509Certificate(readFileSync(join(folder.path, 'long/ca.pem')));
    assert.equal(daysOf(long), 36_500);
    assert.equal(folder.certificate('hub.pem').validTo, folder.certificate('ca.pem').validTo);
  });

  it('overwrites nothing', async () => {
    await using folder = await createFolder();
    await folder.certs('hub', 'localhost');
    const before = readdirSync(join(folder.path, 'certs')).map((name) => folder.read(name).toString());

    for (const args of [['ca'], ['hub', 'other.example.org']]) {
      const { exitCode, stderr } = await folder.certs(...args);
      assert.equal(exitCode, 2);
      assert.match(stderr, /is there already, and is not overwritten\n {2}Renew it: farhand certs renew FILE/);
    }
    assert.deepEqual(
      readdirSync(join(folder.path, 'certs')).map((name) => folder.read(name).toString()),
      before,
    );
  });

  it('leaves no key without its certificate where that cannot be written', async () => {
    await using folder = await createFolder();
    writeFileSync(folder.at('hub.pem'), 'mine');

    const { exitCode } = await folder.certs('hub', 'localhost');

    assert.equal(exitCode, 2);
    assert.deepEqual(readdirSync(join(folder.path, 'certs')).toSorted(), ['ca.key', 'ca.pem', 'hub.pem']);
  });

  it('renews a certificate for the same names, with another key', async () => {
    await using folder = await createFolder();
    await folder.certs('hub', 'hub.example.org', '192.0.2.1', '2001:db8::1');
    await folder.certs('agent', 'a1');

    for (const name of ['hub', 'agent-a1']) {
      const before = { certificate: folder.certificate(`${name}.pem`), key: folder.read(`${name}.key`) };
      const { exitCode, stderr } = await folder.certs('renew', `certs/${name}.pem`, '--days', '10');

      const after = folder.certificate(`${name}.pem`);
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(
        [after.subject, after.subjectAltName, after.keyUsage, daysOf(after)],
        [before.certificate.subject, before.certificate.subjectAltName, before.certificate.keyUsage, 10],
      );
      assert.notDeepEqual(folder.read(`${name}.key`), before.key);
      assert.notEqual(after.serialNumber, before.certificate.serialNumber);
      assert.equal(statSync(folder.at(`${name}.key`)).mode & 0o777, 0o600);
    }
    assert.equal(folder.verify('hub.pem', 'sslserver'), '/certs/hub.pem: OK\n');
    assert.equal(folder.verify('agent-a1.pem', 'sslclient'), '/certs/agent-a1.pem: OK\n');
  });

  it('renews by a CA that is elsewhere', async () => {
    await using folder = await createFolder();
    await folder.certs('hub', 'localhost');
    await folder.certs('ca', '--folder', 'other');

    const { exitCode, stderr } = await folder.certs('renew', 'certs/hub.pem', '--folder', 'other');

    assert.equal(exitCode, 0, stderr);
    const other = new X509Certificate(readFileSync(join(folder.path, 'other/ca.pem')));
    assert.equal(folder.certificate('hub.pem').checkIssued(other), true);
  });

  it('does not renew a CA, nor what it did not make, nor without the CA', async () => {
    await using folder = await createFolder();
    const foreign = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '9', '-subj', '/C=NL/O=x/CN=y'];
    spawnSync('openssl', [...foreign, '-keyout', folder.at('x.key'), '-out', folder.at('x.pem')]);
    await folder.certs('hub', 'localhost');

    assert.match((await folder.certs('renew', 'certs/ca.pem')).stderr, /a CA is not renewed but replaced/);
    assert.match((await folder.certs('renew', 'certs/hub.pem', '--folder', 'none')).stderr, /expected a CA, got no/);
    assert.match((await folder.certs('renew', 'certs/none.pem')).stderr, /expected a file with certificates in PEM/);
    assert.match((await folder.certs('renew', 'certs/x.pem')).stderr, /CA|not made by farhand certs/);
  });

  it('signs with no CA that it did not make, and with no key of another one', async () => {
    await using folder = await createFolder();
    await folder.certs('ca', '--folder', 'other');
    writeFileSync(join(folder.path, 'other/ca.key'), folder.read('ca.key'));
    const foreign = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '9', '-subj', '/C=NL/O=x/CN=y'];
    chmodSync(folder.at('ca.pem'), 0o600);
    spawnSync('openssl', [...foreign, '-keyout', folder.at('ca.key'), '-out', folder.at('ca.pem')]);

    const mixed = await folder.certs('hub', 'localhost', '--folder', 'other');
    const rsa = await folder.certs('hub', 'localhost');

    assert.match(mixed.stderr, /got a key of another certificate/);
    assert.match(rsa.stderr, /was not made by farhand certs/);
    assert.deepEqual([mixed.exitCode, rsa.exitCode], [2, 2]);
  });

  for (const name of ['https://hub.example.org', 'hub.example.org:7400', 'a b', '-a', '192.0.2.300', 'a..b', '*', '']) {
    it(`makes no certificate for the name ${JSON.stringify(name)}`, async () => {
      await using folder = await createFolder();

      const { exitCode, stderr } = await folder.certs('hub', '--', name);

      assert.equal(exitCode, 2);
      assert.match(stderr, /expected a host name or an IP address, got/);
    });
  }

  it('makes no certificate for what cannot be the name of an agent', async () => {
    await using folder = await createFolder();

    assert.equal((await folder.certs('agent', 'a/b')).exitCode, 2);
    assert.equal((await folder.certs('agent', 'a', '--account', '../x')).exitCode, 2);
    assert.equal((await folder.certs('client', 'a,b')).exitCode, 2);
  });

  it('shows each certificate of a file', async () => {
    await using folder = await createFolder();
    await folder.certs('hub', 'localhost');
    writeFileSync(folder.at('chain.pem'), Buffer.concat([folder.read('hub.pem'), folder.read('ca.pem')]));

    const { stdout } = await folder.certs('show', 'certs/chain.pem');
    const json = JSON.parse((await folder.certs('show', 'certs/chain.pem', '--json')).stdout) as readonly object[];

    assert.match(
      stdout,
      /^subject: +CN=farhand hub\nissuer: +CN=farhand CA [^]*names: +DNS:localhost\nfor: +server\n[^]*\(396 days left\)\n[^]*\n\nsubject: +CN=farhand CA .*\nissuer: +itself\nnames: +none\nfor: +ca\n/,
    );
    assert.equal(json.length, 2);
    assert.equal((await folder.certs('show', 'certs/hub.key')).exitCode, 2);
  });

  it('puts CAs into one file, each once, in the place of those that were trusted', async () => {
    await using folder = await createFolder();
    await folder.certs('ca', '--folder', 'next');
    const next = readFileSync(join(folder.path, 'next/ca.pem'));

    const both = await folder.certs('bundle', 'certs/trusted.pem', 'certs/ca.pem', 'next/ca.pem', 'certs/ca.pem');
    const held = folder.read('trusted.pem');
    const one = await folder.certs('bundle', 'certs/trusted.pem', 'next/ca.pem', '--json');

    assert.equal(both.exitCode, 0, both.stderr);
    assert.match(
      both.stdout,
      /^made certs\/trusted\.pem, which trusts:\n( {2}CN=farhand CA .*, sha256 [0-9a-f]{64}\n){2}$/,
    );
    assert.deepEqual(held, Buffer.concat([folder.read('ca.pem'), next]));
    assert.equal(one.exitCode, 0, one.stderr);
    assert.deepEqual(folder.read('trusted.pem'), next);
    assert.equal(statSync(folder.at('trusted.pem')).mode & 0o777, 0o644);
    assert.deepEqual(readdirSync(join(folder.path, 'certs')).toSorted(), ['ca.key', 'ca.pem', 'trusted.pem']);
  });

  it('puts nothing but CAs that are good into it, and writes over nothing else', async () => {
    await using folder = await createFolder();
    await folder.certs('hub', 'localhost');
    writeFileSync(folder.at('past.pem'), createAuthority({ commonName: 'past', days: -1 }).certificate);
    const before = folder.read('hub.pem');

    const leaf = await folder.certs('bundle', 'certs/trusted.pem', 'certs/ca.pem', 'certs/hub.pem');
    const key = await folder.certs('bundle', 'certs/trusted.pem', 'certs/ca.key');
    const over = await folder.certs('bundle', 'certs/trusted.pem', 'certs/past.pem');
    const place = await folder.certs('bundle', 'certs/hub.pem', 'certs/ca.pem');
    const secret = await folder.certs('bundle', 'certs/hub.key', 'certs/ca.pem');

    assert.match(leaf.stderr, /expected certificates of CAs alone in .*hub\.pem, got one of CN=farhand hub/);
    assert.match(key.stderr, /expected a file with certificates in PEM/);
    assert.match(over.stderr, /the CA CN=past expired on/);
    assert.match(place.stderr, /expected certificates of CAs alone in .*hub\.pem/);
    assert.match(secret.stderr, /expected a file with certificates in PEM/);
    for (const { exitCode } of [leaf, key, over, place, secret]) assert.equal(exitCode, 2);
    assert.deepEqual(folder.read('hub.pem'), before);
    assert.equal(readdirSync(join(folder.path, 'certs')).includes('trusted.pem'), false);
  });

  it('puts one into it in the place of one that is over', async () => {
    await using folder = await createFolder();
    writeFileSync(folder.at('trusted.pem'), createAuthority({ commonName: 'past', days: -1 }).certificate);

    const { exitCode, stderr } = await folder.certs('bundle', 'certs/trusted.pem', 'certs/ca.pem');

    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(folder.read('trusted.pem'), folder.read('ca.pem'));
  });
});
