import { defaultAccount } from '../account.ts';
import type { Role } from '../store/records.ts';

/** Who calls the API. */
export interface Principal {
  readonly tokenId: string;
  readonly account: string;
  readonly role: Role;
}

/** As the audit names them. */
export function toActor(principal: Principal): string {
  return `token:${principal.tokenId}`;
}

/** An administrator of the hub itself may work for other accounts; one of an account only for that. */
export function mayActFor(principal: Principal, account: string): boolean {
  return principal.account === account || (principal.role === 'admin' && principal.account === defaultAccount);
}
