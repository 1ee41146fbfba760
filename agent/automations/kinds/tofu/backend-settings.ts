/** A text of the native syntax: quoted, with nothing in it that would be filled in. */
function quote(text: string): string {
  return JSON.stringify(text)
    .replace(/\\./g, (escape) => (escape === '\\b' ? '\\u0008' : escape === '\\f' ? '\\u000c' : escape))
    .replace(/[$%](?=\{)/g, (mark) => mark + mark);
}

/** The text of a file for `init -backend-config`. */
export function toBackendSettings(settings: readonly (readonly [name: string, value: string])[]): string {
  return settings.map(([name, value]) => `${name} = ${quote(value)}\n`).join('');
}
