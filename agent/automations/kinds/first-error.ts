/** The first line "Error: …" of a log, as terraform, tofu and packer write it, without its beginning; null where there is none. */
export function findFirstError(log: string): string | null {
  return /^[│ ]*Error: (\S.*)$/m.exec(log)?.[1]?.trim() ?? null;
}
