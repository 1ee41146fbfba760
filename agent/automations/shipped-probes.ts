import { join } from 'node:path';
import { packageFolder } from '../../runtime/package-folder.ts';

/** The folder of probes that every agent runs unless it is told not to. They are files of the package. */
export const shippedProbes = join(packageFolder, 'examples/probes');
