import type { createLauncher as createUsualLauncher } from '../../agent/executors/process/create-launcher.ts';
import { createExecaLauncher } from '../../agent/executors/process/execa-launcher.ts';

/** Stands in for the choice of a launcher where `only-execa.ts` was loaded: every wrapper is a child of the agent itself. */
export const createLauncher: typeof createUsualLauncher = ({ shell, standing }) =>
  createExecaLauncher({ shell, standing });
