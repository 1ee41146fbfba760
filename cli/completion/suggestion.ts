/** One word that may come next. */
export interface Suggestion {
  readonly value: string;
  /** A few words, for shells that show them. */
  readonly description: string;
}

/**
 * - `values`: these, each a whole word
 * - `prefixes`: these, and more is to be typed right behind: no blank after it
 * - `files`, `folders`: what the shell finds on the disk
 */
export type Suggestions =
  | { readonly type: 'values' | 'prefixes'; readonly values: readonly Suggestion[] }
  | { readonly type: 'files' | 'folders' };

export const nothing: Suggestions = { type: 'values', values: [] };
