import { z } from 'zod';
import { Name } from '../../../protocol/names.ts';

/** `:name` of an agent. */
export const AgentPath = z.object({ name: Name });
