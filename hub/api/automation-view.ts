import type { Automation } from '../../protocol/agent.ts';
import type { LiveAgentView } from './hub-view.ts';

/** What can be run, by name and then digest: each form once, with how many agents offer it and how many of them are online. */
export function toAutomations(agents: Iterable<LiveAgentView>): Automation[] {
  const forms = new Map<string, Automation>();
  for (const agent of agents) {
    const online = agent.leaseEpoch === null ? 0 : 1;
    for (const automation of agent.automations.values()) {
      const key = `${automation.name} ${automation.digest}`;
      const known = forms.get(key) ?? { ...automation, agents: 0, online: 0 };
      forms.set(key, { ...known, agents: known.agents + 1, online: known.online + online });
    }
  }
  return [...forms].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, automation]) => automation);
}
