/** The account of a hub that has only one, and of those who run the hub. Its agents serve every account. */
export const defaultAccount = 'default';

/** Of an administrator's token that came from the configuration of the hub. */
export const configuredTokenName = 'FARHAND_ADMIN_TOKEN';

/**
 * Whether an agent takes jobs of an account: of its own, or of any when it belongs to the hub itself. Whoever wants machines of
 * their own lets agents join with a token of their account.
 */
export function serves(agentAccount: string, jobAccount: string): boolean {
  return agentAccount === jobAccount || agentAccount === defaultAccount;
}
