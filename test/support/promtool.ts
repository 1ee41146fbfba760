import { spawnSync } from 'node:child_process';

/** Prometheus's own checker, or why tests with it are skipped: the `skip` of their suite. */
export const promtoolSkip: string | false =
  spawnSync('promtool', ['--version']).status === 0
    ? false
    : 'promtool is not on this machine: install the package prometheus';

/** Runs it; its words when it complains of something, else nothing. */
export function askPromtool(given: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync('promtool', given, { input, encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}${stderr}`;
}
