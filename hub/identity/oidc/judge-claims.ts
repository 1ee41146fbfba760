import { Name } from '../../../protocol/names.ts';
import { defaultAccount } from '../../account.ts';
import type { UserAdmission } from '../user-admission.ts';
import { findClaim } from './find-claim.ts';
import type { OidcSettings } from './oidc-settings.ts';

/**
 * Account and role of a user whose token is in order. Whoever has none is told which claim was looked for, and what the hub's owner would
 * have to change; not which values there are.
 */
export function judgeClaims(
  claims: Readonly<Record<string, unknown>> & { readonly sub: string },
  settings: OidcSettings,
): UserAdmission {
  const { issuer, roles, roleClaim, accountClaim } = settings;
  const values = toTexts(findClaim(claims, roleClaim));
  const rule = roles.find(({ value }) => values.includes(value));
  if (rule === undefined) {
    const lack = values.length === 0 ? 'has no text in' : 'has no value that gives a role in';
    return refuse(`the token is in order, but ${lack} the claim "${roleClaim}" (FARHAND_OIDC_ROLES of the hub)`);
  }
  const account = accountClaim === null ? defaultAccount : toAccount(findClaim(claims, accountClaim));
  if (account === null) {
    return refuse(
      `the token is in order, but has no name of one account in the claim "${accountClaim}" (FARHAND_OIDC_ACCOUNT_CLAIM of the hub)`,
    );
  }
  const principal = {
    type: 'user',
    issuer: new URL(issuer).host,
    subject: claims.sub,
    account,
    role: rule.role,
  } as const;
  return { type: 'admitted', principal };
}

function refuse(message: string): UserAdmission {
  return { type: 'refused', code: 'not-allowed', message };
}

function toTexts(claim: unknown): readonly string[] {
  return [claim].flat().filter((value) => typeof value === 'string');
}

function toAccount(claim: unknown): string | null {
  const names: readonly unknown[] = [claim].flat();
  return names.length === 1 ? (Name.safeParse(names[0]).data ?? null) : null;
}
