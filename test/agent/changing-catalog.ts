import { join } from 'node:path';
import type { Automation } from '../../agent/automations/automation.ts';
import { type Catalog, openCatalog } from '../../agent/automations/catalog.ts';
import type { AgentPlace } from './agent-place.ts';

export interface ChangingCatalog extends Catalog {
  /** From now on the automation of that name is another, as after a reload. */
  change(name: string, toOther: (automation: Automation) => Automation): void;
}

/** The catalog of a place, whose automations a test changes while an agent runs. */
export async function openChangingCatalog(place: AgentPlace): Promise<ChangingCatalog> {
  const real = await openCatalog(join(place.root, 'automations'));
  let { current } = real;
  return {
    kinds: real.kinds,
    holdsMistakes: false,
    get current() {
      return current;
    },
    reload: async () => current,
    onChange: () => () => {},
    change(name, toOther) {
      const automation = current.automations.get(name);
      if (automation === undefined) throw new Error(`expected an automation ${name}`);
      current = { ...current, automations: new Map([...current.automations, [name, toOther(automation)]]) };
    },
  };
}
