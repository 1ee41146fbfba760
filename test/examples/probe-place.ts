import { mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAutomationFile } from '../../agent/automations/automation-file.ts';
import { builtInKinds } from '../../agent/automations/kinds/kinds.ts';
import { shippedProbes } from '../../agent/automations/shipped-probes.ts';
import { builtInExecutors } from '../../agent/executors/built-in-executors.ts';
import { prepareProbe } from '../../agent/probes/prepare-probe.ts';
import { isProbe } from '../../agent/probes/probe.ts';
import { createProcessProbeRunner } from '../../agent/probes/process-probe-runner.ts';
import { readFacts } from '../../agent/probes/read-facts.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';

export interface ProbeRunOptions {
  /** Programs that are found before all others: a name, and the shell script or the file that it is. */
  readonly programs?: Readonly<Record<string, { readonly script: string } | { readonly file: string }>>;
  /** Nothing but `programs` is found. */
  readonly isClosed?: boolean;
  /** The file that is run, as it is changed by this. */
  readonly change?: (text: string) => string;
}

/** Runs a probe that ships, as an agent does, and answers its facts. */
export async function runShippedProbe(name: 'host' | 'listening', options: ProbeRunOptions = {}) {
  const { programs = {}, isClosed = false, change = (text) => text } = options;
  await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-shipped-'));
  for (const [program, is] of Object.entries(programs)) {
    if ('file' in is) await symlink(is.file, join(folder.path, program));
    else await writeFile(join(folder.path, program), `#!/bin/sh\n${is.script}\n`, { mode: 0o755 });
  }
  const path = join(shippedProbes, `${name}.yaml`);
  const file = readAutomationFile(path, change(await readFile(path, 'utf8')), {
    kinds: builtInKinds,
    executors: builtInExecutors,
  });
  if (file.type === 'broken') throw new Error(JSON.stringify(file.mistakes));
  if (!isProbe(file.automation)) throw new Error('expected a probe');
  const prepared = await prepareProbe(file.automation, {
    agent: { id: 'test', name: 'a1', labels: {} },
    folder: join(folder.path, 'probes'),
    environment: { PATH: isClosed ? folder.path : `${folder.path}:${process.env['PATH'] ?? ''}` },
    fileSystem: systemFileSystem,
  });
  if (prepared.type === 'refused') throw new Error(prepared.message);
  const environment = { ...prepared.command.environment, LEAK_CHECK: String(process.pid) };
  const outcome = await createProcessProbeRunner({ clock: systemClock }).run(
    { ...prepared.command, environment, mark: `probe:test:${folder.path}` },
    { signal: new AbortController().signal },
  );
  if (outcome.type !== 'printed') throw new Error(`expected facts of ${name}, got ${JSON.stringify(outcome)}`);
  const read = readFacts(outcome.output, file.automation.outputs);
  if (!read.ok) throw new Error(read.message);
  // What a test expects of facts it says itself.
  // oxlint-disable-next-line typescript/no-explicit-any
  return read.facts as any;
}
