import type { AutomationKind } from '../automation-kind.ts';
import { ansibleKind } from './ansible.ts';
import { commandKind } from './command.ts';
import { scriptKind } from './script.ts';

/** The kinds that come with the agent. */
export const builtInKinds: readonly AutomationKind[] = [commandKind, scriptKind, ansibleKind];
