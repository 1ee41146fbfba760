/** What packer says of one build at its end: what it made, or why it failed. */
export interface BuildNote {
  readonly build: string;
  readonly text: string;
}

/**
 * Reads the list under a heading at the end of a log, each note once: builders repeat themselves when a post-processor keeps their artifact. A
 * note may have several lines; the list ends with the next heading.
 */
export function readBuildList(log: string, heading: string): readonly BuildNote[] {
  const at = `\n${log}`.lastIndexOf(`\n==> ${heading}`);
  if (at < 0) return [];
  const [, ...lines] = log.slice(at).split('\n');
  const end = lines.findIndex((line) => line.startsWith('==> '));
  const notes: BuildNote[] = [];
  for (const line of end < 0 ? lines : lines.slice(0, end)) {
    const [, build, text = ''] = /^--> ([^:]+): ?(.*)$/.exec(line) ?? [];
    const last = notes.at(-1);
    if (build !== undefined) notes.push({ build, text });
    else if (last !== undefined) notes[notes.length - 1] = { ...last, text: `${last.text}\n${line}` };
  }
  const unique = new Map(
    notes.map(({ build, text }) => [JSON.stringify([build, text.trim()]), { build, text: text.trim() }]),
  );
  return [...unique.values()];
}
