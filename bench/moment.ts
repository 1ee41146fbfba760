/** The command that tells when it ran, in nanoseconds since 1970. */
export const momentCommand = ['date', '+%s%N'] as const;

/** What it printed, in milliseconds. */
export function parseMoment(printed: string): number {
  if (!/^\d{19}\s*$/.test(printed)) throw new Error(`expected nanoseconds since 1970, got ${JSON.stringify(printed)}`);
  return Number(BigInt(printed.trim()) / 1000n) / 1000;
}
