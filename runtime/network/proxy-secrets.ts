/** What must not be shown of a proxy's URL: its password, as it is written and as it is meant. Nothing else of it is secret. */
export function toProxySecrets(text: string): readonly string[] {
  const written = /\/\/[^/@]*?:([^@]*)@/.exec(text)?.[1] ?? '';
  if (written === '') return [];
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    return [written];
  }
}
