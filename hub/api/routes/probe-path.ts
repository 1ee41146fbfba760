import { z } from 'zod';
import { Name } from '../../../protocol/names.ts';

/** `:name` of an agent and `:probe` of one of its probes. */
export const ProbePath = z.object({ name: Name, probe: Name });
