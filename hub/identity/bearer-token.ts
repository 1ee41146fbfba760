/** What stands in an `Authorization` header: RFC 6750, with any visible characters for the token. */
export type BearerToken =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'missing' }
  /** Another scheme, or no token after it, or one that is too long. */
  | { readonly type: 'unreadable' };

/** Tokens of an issuer hold what it says of the user; the headers of a request are bounded at twice this. */
const pattern = /^bearer +([\x21-\x7e]{1,8192})$/i;

export function parseBearerToken(header: string | undefined): BearerToken {
  if (header === undefined || header === '') return { type: 'missing' };
  const token = pattern.exec(header)?.[1];
  return token === undefined ? { type: 'unreadable' } : { type: 'token', token };
}
