import type { LinkFailure } from '../greeted-channel.ts';

/** What failed, and how: `unreachable: nothing listens at …`. */
export function toFailureWords({ why, detail }: Pick<LinkFailure, 'why' | 'detail'>): string {
  return detail === null || detail === why ? why : `${why}: ${detail}`;
}
