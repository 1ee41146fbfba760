/** The claim of that name, or at the JSON pointer (RFC 6901) where `name` begins with `/`. Undefined where there is none. */
export function findClaim(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  const path = name.startsWith('/') ? name.slice(1).split('/').map(toKey) : [name];
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Readonly<Record<string, unknown>>)[key]
        : undefined,
    claims,
  );
}

function toKey(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
