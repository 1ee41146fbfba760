import type { OpenFrame } from '../../protocol/session-frame.ts';
import type { AgentPrincipal } from '../identity/agent-principal.ts';
import type { CommandInput, CommandResult, OpenAnswer } from '../store/command.ts';
import type { Store } from '../store/store.ts';

type End = Omit<CommandInput<'end-attempt'>, 'attemptId' | 'agentId' | 'epoch' | 'runnerFolderId'>;

/** Who speaks in a session, as the store takes it: the agent, or a runner that the agent gave its attempt to. */
export interface Speaker {
  readonly isRunner: boolean;
  /** Of the agent. */
  readonly account: string;
  open(at: number): Promise<OpenAnswer>;
  end(result: End): Promise<CommandResult<'end-attempt'>>;
}

export function createSpeaker(
  store: Store,
  { id: agentId, account, ticket }: AgentPrincipal,
  { attempt: attemptId, folderId, have, leaseEpoch, opens, handsOver = false }: OpenFrame,
): Speaker {
  const epoch = { leaseEpoch, opens };
  const opened = { attemptId, agentId, folderId, have, epoch };
  if (ticket === undefined) {
    return {
      isRunner: false,
      account,
      open: (at) => store.apply('open-attempt', { ...opened, handsOver, at }),
      end: (result) => store.apply('end-attempt', { attemptId, agentId, epoch, ...result }),
    };
  }
  const { agentFolderId, storeId } = ticket;
  const isOwnTicket = storeId === store.storeId;
  return {
    isRunner: true,
    account,
    open: (at) => store.apply('open-runner', { ...opened, agentFolderId, isOwnTicket, at }),
    end: (result) => store.apply('end-attempt', { attemptId, agentId, epoch, runnerFolderId: folderId, ...result }),
  };
}
