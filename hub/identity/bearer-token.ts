/** What stands in an `Authorization` header: RFC 6750, with any visible characters for the token. */
export type BearerToken =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'missing' }
  /** Another scheme, or no token after it. */
  | { readonly type: 'unreadable' };

const pattern = /^bearer +([\x21-\x7e]{1,512})$/i;

export function parseBearerToken(header: string | undefined): BearerToken {
  if (header === undefined || header === '') return { type: 'missing' };
  const token = pattern.exec(header)?.[1];
  return token === undefined ? { type: 'unreadable' } : { type: 'token', token };
}
