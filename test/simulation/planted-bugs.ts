import { plantedAgentBugs } from './planted-agent-bugs.ts';
import type { PlantedBug } from './planted-bug.ts';
import { plantedHandoverBugs } from './planted-handover-bugs.ts';
import { plantedHubBugs } from './planted-hub-bugs.ts';

/** Each must be found by the simulation. */
export const plantedBugs: readonly PlantedBug[] = [...plantedAgentBugs, ...plantedHubBugs, ...plantedHandoverBugs];
