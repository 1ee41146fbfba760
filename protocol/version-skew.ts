/**
 * How far a version is from the hub's.
 *
 * - `none`: the same release line, or a version that is none (of a private build)
 * - `supported`: one minor release before or after: promised to work, in both directions
 * - `behind`, `ahead`: further away, or of another major release: nobody has tried
 */
export type VersionSkew = 'none' | 'supported' | 'behind' | 'ahead';

const pattern = /^(?<major>\d{1,9})\.(?<minor>\d{1,9})\.\d/;

/** What the promise of `docs/guides/upgrading.md` says about `version` beside a hub of version `hub`. */
export function findVersionSkew(hub: string, version: string): VersionSkew {
  const [ours, theirs] = [pattern.exec(hub)?.groups, pattern.exec(version)?.groups];
  if (ours === undefined || theirs === undefined) return 'none';
  const majors = Number(theirs['major']) - Number(ours['major']);
  const minors = Number(theirs['minor']) - Number(ours['minor']);
  const distance = majors === 0 ? minors : majors * Number.POSITIVE_INFINITY;
  if (distance === 0) return 'none';
  if (Math.abs(distance) === 1) return 'supported';
  return distance < 0 ? 'behind' : 'ahead';
}
