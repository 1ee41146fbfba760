import { execFile } from 'node:child_process';
import { mkdtempDisposable } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { findOutsideProgram } from './outside-program.ts';

/** Beside the other programs of the Kubernetes that tests start. */
const peerPrograms = join(
  process.env['KUBE_PEER_DIR'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kube-peer'),
  'bin',
);

const program = findOutsideProgram('helm', {
  built: 'helm-v3.19.0',
  folders: [peerPrograms],
  remedy: '.ci/get-go-program builds it where there is a Go toolchain',
});

export const helmSkip = program.skip;

const charts = join(import.meta.dirname, '../../helm');

export interface HelmResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Runs helm in the folder of the charts. It reads no configuration of whoever runs the tests. */
export async function helm(
  args: readonly string[],
  { environment = {} }: { readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<HelmResult> {
  // It makes folders in its home.
  await using home = await mkdtempDisposable(join(tmpdir(), 'farhand-helm-'));
  const env = { PATH: `${process.env['PATH'] ?? ''}${delimiter}${peerPrograms}`, HOME: home.path, ...environment };
  return await promisify(execFile)(program.path, [...args], { cwd: charts, env, maxBuffer: 64 << 20 }).then(
    ({ stdout, stderr }) => ({ stdout, stderr, exitCode: 0 }),
    ({ stdout, stderr, code }: { stdout: string; stderr: string; code: number }) => ({
      stdout,
      stderr,
      exitCode: code,
    }),
  );
}
