import type { AutomationKind } from '../automation-kind.ts';
import { commandKind } from './command.ts';
import { probeKind } from './probe.ts';
import { scriptKind } from './script.ts';

/** The kinds that come with the agent. */
export const builtInKinds: readonly AutomationKind[] = [commandKind, scriptKind, probeKind];
