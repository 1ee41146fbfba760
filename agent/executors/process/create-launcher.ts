import { existsSync } from 'node:fs';
import type { Clock } from '../../../runtime/clock.ts';
import { createExecaLauncher } from './execa-launcher.ts';
import { findProgram } from './find-program.ts';
import type { JobStanding } from './job-standing.ts';
import type { Launcher } from './launcher.ts';
import { createShellLauncher } from './shell-launcher.ts';

/** The best way to start wrappers that this system has. */
export function createLauncher(options: {
  readonly shell: string;
  readonly standing: JobStanding;
  readonly clock: Clock;
}): Launcher {
  const { shell, standing, clock } = options;
  const otherwise = createExecaLauncher({ shell, standing });
  const find = (program: string) => findProgram(program, { path: undefined, workingDirectory: '/' });
  const setsid = find('setsid');
  if (setsid === null || find(shell) === null || !existsSync('/proc/self')) return otherwise;
  return createShellLauncher({ shell, launcherShell: '/bin/sh', setsid, standing, otherwise, clock });
}
