import type { AgentReport } from '../protocol/agent-report.ts';
import type { AgentState } from './agent-state.ts';
import type { Attempt } from './attempts/attempt.ts';
import type { LinkState } from './link-state.ts';

/** What `/status` answers: JSON. */
export interface AgentStatus {
  readonly name: string;
  readonly id: string | null;
  readonly version: string;
  readonly state: AgentState;
  readonly link: {
    readonly state: LinkState['type'];
    readonly message: string | null;
    readonly storeId: string | null;
  };
  readonly slots: { readonly total: number; readonly used: number };
  readonly attempts: readonly {
    readonly id: string;
    readonly job: string | null;
    readonly automation: string | null;
    readonly state: string;
    readonly rawBytes: number;
  }[];
  readonly health: AgentReport['health'];
}

function toLink(state: LinkState): AgentStatus['link'] {
  switch (state.type) {
    case 'idle':
    case 'dialling':
      return { state: state.type, message: null, storeId: null };
    case 'up':
      return { state: state.type, message: null, storeId: state.hub.storeId };
    case 'distrusted':
      return { state: state.type, message: state.message, storeId: state.hub.storeId };
    case 'waiting':
      return { state: state.type, message: state.why, storeId: null };
  }
}

export function toAgentStatus(given: {
  readonly name: string;
  readonly id: string | null;
  readonly version: string;
  readonly state: AgentState;
  readonly link: LinkState;
  readonly slots: { readonly total: number; readonly used: number };
  readonly attempts: readonly Attempt[];
  readonly health: AgentReport['health'];
}): AgentStatus {
  return {
    ...given,
    link: toLink(given.link),
    attempts: given.attempts.map(({ id, job, automation, state, report }) => ({
      id,
      job,
      automation,
      state: state.type,
      rawBytes: report?.rawBytes ?? 0,
    })),
  };
}
