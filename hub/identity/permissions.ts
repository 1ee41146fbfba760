import type { Role } from '../store/records.ts';

/** What a call of the API may need. Whoever is not listed may not. */
const permissions = {
  'read-jobs': ['admin', 'operator', 'approver', 'viewer'],
  'submit-jobs': ['admin', 'operator'],
  'cancel-jobs': ['admin', 'operator'],
  'read-agents': ['admin', 'operator', 'approver', 'viewer'],
  'change-agents': ['admin'],
  'revoke-agents': ['admin'],
  'trust-store': ['admin'],
  'read-automations': ['admin', 'operator', 'approver', 'viewer'],
  'read-events': ['admin', 'operator', 'approver', 'viewer'],
  'read-audit': ['admin'],
  'read-api': ['admin', 'operator', 'approver', 'viewer'],
  'read-accounts': ['admin', 'operator', 'approver', 'viewer'],
  'set-quotas': ['admin'],
  'create-tokens': ['admin'],
  'read-tokens': ['admin'],
  'revoke-tokens': ['admin'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof permissions;

export function rolesWith(permission: Permission): readonly Role[] {
  return permissions[permission];
}
