import type { AttemptReport } from '../../protocol/offer.ts';
import { type AttemptState, hasNoStream, isAway, isHandedOver } from './attempt-state.ts';
import type { OpenFacts } from './session-subject.ts';

/** What the control channel is told of an attempt; null when there is nothing to tell. */
export function toAttemptReport(state: AttemptState, rawBytes: number): AttemptReport | null {
  const base = { reason: null, message: null, rawBytes };
  switch (state.type) {
    case 'found':
    case 'gone':
      return null;
    case 'claimed':
    case 'preparing':
      return { ...base, phase: 'accepted', startedAt: null };
    case 'holding':
      return { ...base, phase: 'holding-result', startedAt: state.held.result.startedAt };
    case 'running':
    case 'stopping':
    case 'clearing':
    case 'taking-back':
    case 'cleaning':
    case 'sealing':
      return state.startedAt === null
        ? { ...base, phase: 'accepted', startedAt: null }
        : { ...base, phase: 'running', startedAt: new Date(state.startedAt).toISOString() };
  }
}

/** What a session says of an attempt when it is opened; null when there is nothing to open one for. `ticketSeconds`: of an attempt that is to be handed over. */
export function toOpenFacts(
  state: AttemptState,
  stream: { readonly rawBytes: number; readonly needsSecrets: boolean },
  ticketSeconds: number | null = null,
): OpenFacts | null {
  if (state.type === 'found' || state.type === 'gone' || isAway(state)) return null;
  const { rawBytes } = stream;
  const needsSecrets = stream.needsSecrets && !isHandedOver(state);
  const facts = { folderId: state.claim.folderId, rawBytes, needsDocument: false, needsSecrets };
  if (state.type === 'claimed') {
    const claimed = { ...facts, have: 'claimed', needsDocument: true } as const;
    return ticketSeconds === null
      ? { ...claimed, needsSecrets: true }
      : { ...claimed, needsSecrets: false, handsOver: true, ticketSeconds };
  }
  if (state.type === 'holding')
    return { ...facts, have: 'ended', needsSecrets: needsSecrets && !hasNoStream(state.held) };
  if (state.type === 'preparing') return { ...facts, have: 'document' };
  return { ...facts, have: state.startedAt === null ? 'document' : 'started' };
}
