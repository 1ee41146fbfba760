import { defaultAccount } from '../account.ts';
import type { Role } from '../store/records.ts';

interface Rights {
  readonly account: string;
  readonly role: Role;
}

/** The holder of a token that this hub made. */
export interface TokenPrincipal extends Rights {
  readonly type: 'token';
  readonly tokenId: string;
}

/** Whom the issuer of the configuration vouches for. */
export interface UserPrincipal extends Rights {
  readonly type: 'user';
  /** Host of the issuer, with its port where it has one. */
  readonly issuer: string;
  /** As the issuer names them: unique there, and never given to another. */
  readonly subject: string;
}

/** Who calls the API. */
export type Principal = TokenPrincipal | UserPrincipal;

/** As the audit names them. */
export function toActor(principal: Principal): string {
  switch (principal.type) {
    case 'token':
      return `token:${principal.tokenId}`;
    case 'user':
      return `user:${principal.issuer}/${principal.subject}`;
  }
}

/** An administrator of the hub itself may work for other accounts; one of an account only for that. */
export function mayActFor(principal: Principal, account: string): boolean {
  return principal.account === account || (principal.role === 'admin' && principal.account === defaultAccount);
}
