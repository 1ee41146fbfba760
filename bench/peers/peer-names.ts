export const peerNames = ['ssh', 'bullmq'] as const;
export type PeerName = (typeof peerNames)[number];
