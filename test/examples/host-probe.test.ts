import assert from 'node:assert/strict';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { arch, cpus, hostname, loadavg, networkInterfaces, release, tmpdir, totalmem, uptime } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkLeaks } from '../support/leak-check.ts';
import { runShippedProbe } from './probe-place.ts';

checkLeaks();

const awks = [
  { name: 'mawk', file: '/usr/bin/mawk' },
  { name: 'gawk', file: '/usr/bin/gawk' },
  { name: 'original-awk', file: '/usr/bin/original-awk' },
  { name: 'busybox', file: '/bin/busybox' },
];

/** All that the probe calls, which a small image has from busybox. */
const tools = ['sh', 'awk', 'sed', 'df', 'tail', 'tr', 'cat', 'grep', 'date', 'uname', 'readlink'];

describe('the host probe', () => {
  test('tells what the system itself tells of this machine', async () => {
    const before = uptime();

    const facts = await runShippedProbe('host');

    assert.equal(facts.hostname, hostname());
    assert.deepEqual(facts.kernel, { name: 'Linux', release: release() });
    assert.equal(facts.architecture, { x64: 'x86_64', arm64: 'aarch64' }[arch() as string] ?? facts.architecture);
    assert.equal(facts.cpu.count, cpus().length);
    assert.equal(facts.memory.totalBytes, totalmem());
    assert.ok(facts.memory.availableBytes > 0 && facts.memory.availableBytes <= totalmem());
    assert.ok(facts.uptimeSeconds >= Math.floor(before) - 1 && facts.uptimeSeconds <= uptime() + 1);
    assert.equal(facts.load.length, loadavg().length);
    assert.equal(facts.bootId, readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    const booted = Date.parse(facts.bootedAt);
    assert.ok(Math.abs(booted + facts.uptimeSeconds * 1000 - Date.now()) < 3_600_000, facts.bootedAt);
    const os = readFileSync('/etc/os-release', 'utf8');
    assert.equal(facts.os.name, /^PRETTY_NAME="?(.*?)"?$/m.exec(os)?.[1]);
    assert.equal(typeof facts.reboot.needed, 'boolean');
  });

  test('tells the disk of / as the system measures it', async () => {
    const facts = await runShippedProbe('host');

    const root = facts.disks.find(({ mount }: { mount: string }) => mount === '/');
    const { blocks, bsize } = statfsSync('/');
    assert.equal(root.totalBytes, blocks * bsize);
    assert.ok(root.usedBytes > 0 && root.usedBytes < root.totalBytes);
    assert.ok(root.usedPercent >= 0 && root.usedPercent <= 100);
    assert.ok(facts.disks.every(({ mount }: { mount: string }) => existsSync(mount)));
  });

  test('tells the addresses of each interface', async () => {
    const facts = await runShippedProbe('host');

    const told = facts.network.interfaces.flatMap(({ name, addresses }: { name: string; addresses: string[] }) =>
      addresses.map((address) => `${name} ${address}`),
    );
    const real = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses.map(({ cidr }) => `${name} ${cidr}`),
    );
    assert.deepEqual(told.toSorted(), real.toSorted());
  });

  for (const awk of awks) {
    const skip = existsSync(awk.file) ? false : `${awk.file} is not installed here`;
    test(`tells the same with the awk of ${awk.name}`, { skip }, async () => {
      const usual = await runShippedProbe('host');

      const facts = await runShippedProbe('host', {
        programs:
          awk.name === 'busybox' ? { awk: { script: 'exec /bin/busybox awk "$@"' } } : { awk: { file: awk.file } },
      });

      assert.deepEqual(toSteady(facts), toSteady(usual));
    });
  }

  test('tells the same where busybox is all there is', {
    skip: !existsSync('/bin/busybox') && 'there is no busybox here',
  }, async () => {
    const usual = await runShippedProbe('host');

    const facts = await runShippedProbe('host', {
      programs: Object.fromEntries(tools.map((tool) => [tool, { file: '/bin/busybox' }])),
      isClosed: true,
    });

    assert.deepEqual(toSteady(facts), toSteady(usual));
  });

  test('is JSON whatever names hold: quotes, backslashes, control characters, bytes that are no text', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-mounts-'));
    const strange = join(folder.path, 'a "quoted" \\ $(id) `id` \t\n é \u{1F512}');
    await mkdir(strange);
    const escaped = strange
      .replaceAll('\\', '\\134')
      .replaceAll(' ', '\\040')
      .replaceAll('\t', '\\011')
      .replaceAll('\n', '\\012');
    const mounts = `/dev/a"b ${escaped} ext4 ro,relatime 0 0\n/dev/gone /no/such/folder ext4 rw 0 0\nnas:/x /tmp nfs4 rw 0 0\n`;
    await writeFile(join(folder.path, 'mounts'), mounts);

    const facts = await runShippedProbe('host', {
      programs: { uname: { script: `printf 'x"\\\\\\\\\\t\\200\\355\\240\\200\\303\\251\\001'` } },
      change: (text) => text.replaceAll('/proc/self/mounts', join(folder.path, 'mounts')),
    });

    assert.equal(facts.architecture, 'x"\\\\ \ufffd\ufffd\ufffd\ufffdé\u0001');
    assert.equal(facts.disks.length, 1);
    const { blocks, bsize } = statfsSync(strange);
    const { mount, device, type, readOnly, totalBytes } = facts.disks[0];
    assert.deepEqual(
      { mount, device, type, readOnly, totalBytes },
      {
        mount: strange,
        device: '/dev/a"b',
        type: 'ext4',
        readOnly: true,
        totalBytes: blocks * bsize,
      },
    );
  });

  test('goes on without a program that is missing or fails', async () => {
    const facts = await runShippedProbe('host', { programs: { df: { script: 'exit 1' }, date: { script: 'exit 1' } } });

    const root = facts.disks.find(({ mount }: { mount: string }) => mount === '/');
    assert.deepEqual([root.totalBytes, root.usedPercent, facts.bootedAt], [null, null, null]);
    assert.equal(facts.hostname, hostname());
  });

  test('says that a reboot is needed where the system says so, or a newer kernel is installed', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-boot-'));
    for (const version of ['6.1.0-9-amd64', '6.1.0-10-amd64', '6.1.0-10-cloud-amd64', '6.2.0-1-other']) {
      await writeFile(join(folder.path, `vmlinuz-${version}`), '');
    }
    await writeFile(join(folder.path, 'reboot-required'), '');
    const uname = { script: 'case "$1" in -r) echo "$VERSION" ;; *) echo x ;; esac' };
    const look = async (running: string, required: string) => {
      const facts = await runShippedProbe('host', {
        programs: { uname: { script: `VERSION=${running}; ${uname.script}` } },
        change: (text) =>
          text
            .replaceAll('/boot/', `${folder.path}/`)
            .replaceAll('/var/run/reboot-required', required)
            .replaceAll('/run/reboot-required', required)
            .replaceAll('container="$(find_container)"', 'container='),
      });
      return facts.reboot;
    };

    const newest = await look('6.1.0-10-amd64', '/nowhere');
    const older = await look('6.1.0-9-amd64', '/nowhere');
    const asked = await look('6.1.0-10-amd64', join(folder.path, 'reboot-required'));
    const unknown = await look('5.0.0-1-amd64', '/nowhere');

    assert.deepEqual(newest, { needed: false, reasons: [] });
    assert.deepEqual(older, { needed: true, reasons: ['kernel 6.1.0-10-amd64 is installed, 6.1.0-9-amd64 runs'] });
    assert.deepEqual(asked, { needed: true, reasons: ['the system says so'] });
    assert.deepEqual(unknown, { needed: false, reasons: [] });
  });
});

interface HostFacts {
  readonly uptimeSeconds: number;
  readonly bootedAt: string;
  readonly load: unknown;
  readonly memory: { readonly totalBytes: number };
  readonly swap: { readonly totalBytes: number };
  readonly disks: readonly { readonly mount: string; readonly totalBytes: number }[];
}

/** What two runs one after the other must tell alike. */
function toSteady({ uptimeSeconds: _uptime, bootedAt: _booted, load: _load, ...facts }: HostFacts) {
  return {
    ...facts,
    memory: facts.memory.totalBytes,
    swap: facts.swap.totalBytes,
    disks: facts.disks.map(({ mount, totalBytes }) => ({ mount, totalBytes })),
  };
}
