import type { Refusal } from './refusal.ts';
import type { Template } from './template.ts';

export interface RecipeContext {
  /** The attempt's folder, absolute. */
  readonly folder: string;
  /** Fills in one template: exactly one string, whatever the values hold. */
  render(
    template: Template,
  ): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly refusal: Refusal };
}

/** The part of a prepared command that is up to the kind. */
export interface RecipeCommand {
  readonly argv: readonly [string, ...string[]];
  readonly files: readonly { readonly name: string; readonly content: string; readonly executable: boolean }[];
}

/** The keys of one automation that belong to its kind, checked and ready. */
export interface PreparableRecipe {
  prepare(context: RecipeContext): ({ readonly type: 'prepared' } & RecipeCommand) | Refusal;
}
