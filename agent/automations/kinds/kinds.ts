import type { AutomationKind } from '../automation-kind.ts';
import { ansibleKind } from './ansible.ts';
import { commandKind } from './command.ts';
import { packerKind } from './packer.ts';
import { probeKind } from './probe.ts';
import { scriptKind } from './script.ts';
import { terraformKind } from './terraform.ts';
import { tofuKind } from './tofu.ts';

/** The kinds that come with the agent. */
export const builtInKinds: readonly AutomationKind[] = [
  commandKind,
  scriptKind,
  ansibleKind,
  terraformKind,
  tofuKind,
  packerKind,
  probeKind,
];
