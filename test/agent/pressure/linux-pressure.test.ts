import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { createLinuxPressure } from '../../../agent/pressure/linux-pressure.ts';
import type { PressureReading } from '../../../agent/pressure/pressure.ts';

const unknown: PressureReading = { cpu: null, memory: null, io: null, freeMemoryPercent: null };

/** What PSI says, as a kernel writes it. */
function toPsi(some: number, full: number | null): string {
  const line = (name: string, value: number) =>
    `${name} avg10=${value.toFixed(2)} avg60=99.00 avg300=98.00 total=123456\n`;
  return line('some', some) + (full === null ? '' : line('full', full));
}

const machine = {
  'proc/pressure/cpu': toPsi(67.37, null),
  'proc/pressure/memory': toPsi(50, 12.5),
  'proc/pressure/io': toPsi(6.23, 0.26),
  'proc/meminfo': 'MemTotal:       24731712 kB\nMemFree:         1000 kB\nMemAvailable:    6182928 kB\n',
};

async function readFrom(files: Readonly<Record<string, string>>): Promise<PressureReading> {
  const root = await mkdtemp(join(tmpdir(), 'farhand-pressure-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
    return createLinuxPressure(root)();
  } finally {
    await rm(root, { recursive: true });
  }
}

/** The files of a process whose control group is `path`, on a mount that shows the tree from `mountRoot` on. */
function inGroup(path: string, mountRoot = '/'): Readonly<Record<string, string>> {
  return {
    'proc/self/cgroup': `4:memory:/old\n0::${path}\n`,
    'proc/self/mountinfo': `22 27 0:21 / /proc rw,relatime - proc proc rw
25 24 0:22 ${mountRoot} /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
`,
  };
}

describe('pressure on Linux', () => {
  it('is that of its control group where the machine’s is hidden, also when there is none', async () => {
    const files = { ...inGroup('/pod'), 'sys/fs/cgroup/pod/cgroup.type': 'domain\n' };

    const { cpu } = await readFrom({ ...files, 'sys/fs/cgroup/pod/cpu.pressure': toPsi(0, 0) });

    assert.deepEqual(cpu, { percent: 0, from: 'cgroup' });
  });

  it('is that of the machine where the agent has no control group', async () => {
    assert.deepEqual(await readFrom(machine), {
      cpu: { percent: 67.37, from: 'machine' },
      memory: { percent: 12.5, from: 'machine' },
      io: { percent: 0.26, from: 'machine' },
      freeMemoryPercent: 25,
    });
  });

  for (const [title, group] of [
    ['of a unit', inGroup('/system.slice/farhand-agent.service')],
    ['of a container that sees the tree from there on', inGroup('/docker/abc', '/docker/abc')],
    ['of a container with a namespace of its own', inGroup('/')],
  ] as const) {
    it(`is that of the control group where it is worse there: ${title}`, async () => {
      const folder = title === 'of a unit' ? 'sys/fs/cgroup/system.slice/farhand-agent.service' : 'sys/fs/cgroup';

      const { cpu, memory, io } = await readFrom({
        ...machine,
        ...group,
        [`${folder}/cgroup.type`]: 'domain\n',
        [`${folder}/memory.pressure`]: toPsi(99, 88),
        [`${folder}/io.pressure`]: toPsi(0, 0),
      });

      assert.deepEqual(memory, { percent: 88, from: 'cgroup' });
      assert.deepEqual(io, { percent: 0.26, from: 'machine' });
      assert.deepEqual(cpu, { percent: 67.37, from: 'machine' });
    });
  }

  it('is that of the machine where the control group is the whole machine', async () => {
    const { memory } = await readFrom({ ...machine, ...inGroup('/'), 'sys/fs/cgroup/memory.pressure': toPsi(99, 88) });

    assert.deepEqual(memory, { percent: 12.5, from: 'machine' });
  });

  it('is unknown where the kernel tells of none, and memory may still be counted', async () => {
    assert.deepEqual(await readFrom({}), unknown);
    assert.deepEqual(await readFrom({ 'proc/meminfo': machine['proc/meminfo'] }), {
      ...unknown,
      freeMemoryPercent: 25,
    });
  });

  it('is unknown where what it tells is not understood', async () => {
    const files = {
      'proc/pressure/memory': 'some avg10=nan avg60=1.00\n',
      'proc/pressure/io': '',
      'proc/meminfo': 'x',
    };

    assert.deepEqual(await readFrom(files), unknown);
  });

  it('is read of this machine', { skip: !existsSync('/proc/pressure/memory') }, () => {
    const { cpu, memory, io, freeMemoryPercent } = createLinuxPressure()();

    for (const stall of [cpu, memory, io]) assert.ok(stall !== null && stall.percent >= 0 && stall.percent <= 100);
    assert.ok(freeMemoryPercent !== null && freeMemoryPercent > 0 && freeMemoryPercent <= 100);
  });
});
