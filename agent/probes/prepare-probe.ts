import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Labels } from '../../protocol/labels.ts';
import type { FileSystem } from '../../runtime/file-system.ts';
import { findExecFault } from '../automations/exec-limits.ts';
import { inherited } from '../automations/job-environment.ts';
import { renderTemplate } from '../automations/render-template.ts';
import type { Probe } from './probe.ts';
import type { ProbeCommand } from './probe-runner.ts';

export interface ProbeContext {
  readonly agent: { readonly id: string; readonly name: string; readonly labels: Labels };
  /** Each probe has a folder of its own in it. Absolute. */
  readonly folder: string;
  /** The agent's own environment; what a probe may have of it is picked here. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly fileSystem: FileSystem;
}

const defaultTimeoutMs = 60_000;
const defaultGraceMs = 2_000;

type Prepared =
  | { readonly type: 'prepared'; readonly command: ProbeCommand }
  | { readonly type: 'refused'; readonly message: string };

/** A relative path is looked for beside the probe's file, and is otherwise one of its working folder. */
function findOwnProgram(program: string, file: string): string {
  if (!program.includes('/')) return program;
  const beside = resolve(dirname(file), program);
  return existsSync(beside) ? beside : program;
}

/** Makes the command of one probe, and writes what it needs. Rejects with the system's error when that cannot be written. */
export async function prepareProbe(probe: Probe, context: ProbeContext): Promise<Prepared> {
  const { agent, fileSystem } = context;
  const folder = join(context.folder, probe.name);
  const nothing = { parameters: {}, job: {}, attempt: {}, secrets: {} };
  const scope = { ...nothing, agent: { name: agent.name, labels: agent.labels } };
  const texts: string[] = [];
  for (const template of probe.probe.argv) {
    const rendered = renderTemplate(template, scope);
    if (rendered.type === 'refused') return rendered;
    texts.push(rendered.text);
  }
  const variables = [...inherited, ...probe.inherit].map((name) => [name, context.environment[name]]);
  const environment: Record<string, string> = Object.fromEntries(variables.filter(([, value]) => value !== undefined));
  for (const [name, template] of probe.environment) {
    const rendered = renderTemplate(template, scope);
    if (rendered.type === 'refused') return rendered;
    environment[name] = rendered.text;
  }
  const [program = '', ...rest] = texts;
  const { script } = probe.probe;
  const scriptPath = join(folder, 'script');
  const argv = [findOwnProgram(program, probe.file), ...rest, ...(script === null ? [] : [scriptPath])] as const;
  const fault = findExecFault(argv, environment);
  if (fault !== null) return fault;

  await fileSystem.mkdir(folder, { mode: 0o700, recursive: true });
  if (script !== null) {
    await using file = await fileSystem.open(scriptPath, 'w');
    await file.write(Buffer.from(script));
  }
  return {
    type: 'prepared',
    command: {
      mark: `probe:${agent.id}:${probe.name}`,
      argv,
      environment,
      workingDirectory: resolve(folder, probe.workingDirectory),
      timeoutMs: probe.timeoutSeconds === null ? defaultTimeoutMs : probe.timeoutSeconds * 1000,
      graceMs: probe.graceSeconds === null ? defaultGraceMs : probe.graceSeconds * 1000,
    },
  };
}
