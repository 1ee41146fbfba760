/** An agent that proved it holds its key. */
export interface AgentPrincipal {
  readonly id: string;
  readonly account: string;
  readonly name: string;
}
