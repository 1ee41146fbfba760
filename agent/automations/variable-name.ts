/** Name of the environment variable for a parameter or secret: upper case, every other character `_`. */
export function toVariableName(prefix: string, name: string): string {
  return prefix + name.replace(/[^A-Za-z0-9]/gu, '_').toUpperCase();
}

/** The first two names that would share a variable, or null. */
export function findSharedVariable(
  prefix: string,
  names: Iterable<string>,
): { readonly variable: string; readonly first: string; readonly second: string } | null {
  const taken = new Map<string, string>();
  for (const name of names) {
    const variable = toVariableName(prefix, name);
    const first = taken.get(variable);
    if (first !== undefined) return { variable, first, second: name };
    taken.set(variable, name);
  }
  return null;
}
