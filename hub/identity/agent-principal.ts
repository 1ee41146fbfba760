import type { Ticket } from './tickets.ts';

/** An agent that proved it holds its key; or a runner in whose place it gave one of its attempts to, with its ticket. */
export interface AgentPrincipal {
  readonly id: string;
  readonly account: string;
  readonly name: string;
  /** Left out for the agent itself. */
  readonly ticket?: Ticket;
}
