/** A reference such as `${parameters.name}`, or text that stays as it is. */
export type TemplatePart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reference'; readonly source: string; readonly path: readonly string[] };

/** One string of an automation's file, taken apart once when the file is read. */
export type Template = readonly TemplatePart[];
