/** What an agent signs with a new key, to show that it holds it and wants it for itself. */
export function toKeyProofText(publicKey: string, agentId: string): string {
  return `farhand-key-v1\n${publicKey}\n${agentId}`;
}
