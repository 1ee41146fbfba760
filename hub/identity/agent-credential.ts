/** What an agent presents when it dials: `agent=<id>`, or with it `,challenge=<challenge>,signature=<base64url>`. */
export interface AgentCredential {
  readonly agent: string;
  readonly proof: { readonly challenge: string; readonly signature: string } | null;
}

const pattern =
  /^agent=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:,challenge=([A-Za-z0-9_-]{1,128}),signature=([A-Za-z0-9_-]{1,128}))?$/;

export function parseAgentCredential(presented: string): AgentCredential | null {
  const match = pattern.exec(presented);
  if (match === null) return null;
  const [, agent = '', challenge, signature] = match;
  return { agent, proof: challenge === undefined || signature === undefined ? null : { challenge, signature } };
}

/** What is signed. The target is in it, so that a captured credential opens nothing else. */
export function toSignedText(challenge: string, agent: string, target: string): string {
  return `farhand-auth-v1\n${challenge}\n${agent}\n${target}`;
}
