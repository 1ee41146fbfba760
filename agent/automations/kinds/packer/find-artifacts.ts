/** One thing that was built, in the words of its builder. */
export interface Artifact {
  readonly build: string;
  readonly description: string;
}

const beginning = '==> Builds finished. The artifacts of successful builds are:';

/** Reads the list at the end of a build's log. A builder may describe its artifact in several lines. */
export function findArtifacts(log: string): Artifact[] {
  const at = log.lastIndexOf(`\n${beginning}`);
  if (at < 0) return [];
  const artifacts: Artifact[] = [];
  for (const line of log.slice(at + 1 + beginning.length).split('\n')) {
    const [, build, text] = /^--> ([^:]+): ?(.*)$/.exec(line) ?? [];
    const last = artifacts.at(-1);
    if (build !== undefined) artifacts.push({ build, description: text ?? '' });
    else if (last !== undefined) {
      artifacts[artifacts.length - 1] = { ...last, description: `${last.description}\n${line}` };
    }
  }
  const seen = new Set<string>();
  return artifacts
    .map(({ build, description }) => ({ build, description: description.trim() }))
    .filter((artifact) => {
      const key = JSON.stringify(artifact);
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}
