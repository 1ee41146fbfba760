import { join } from 'node:path';

/** The folder of probes that every agent runs unless it is told not to. It lies beside the sources, wherever those are installed. */
export const shippedProbes = join(import.meta.dirname, '../../examples/probes');
