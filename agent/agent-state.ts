/**
 * The life of an agent's process.
 *
 * - `starting`: takes the data folder, finds or gets its identity, and goes on with what an earlier agent left
 * - `serving`: the control channel is kept up and offers are taken
 * - `draining`: no work is taken; what runs may end
 * - `leaving`: channels are closed, attempts are left to the next agent
 * - `left`: nothing of ours is open any more. The end
 */
export type AgentState = 'starting' | 'serving' | 'draining' | 'leaving' | 'left';
