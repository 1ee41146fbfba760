import { z } from 'zod';

/** A path that the author writes out: a job that could choose it could read any folder. */
export const SourcePath = z
  .string()
  .regex(/^[^\0]+$/, 'expected a path')
  .regex(/^(?!.*\$\{[A-Za-z_]+\.)/s, 'expected a path without placeholders, or a job could choose any: write it out');

/** A path that stays within a folder. */
export const InnerPath = SourcePath.regex(
  /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))(?!-)/s,
  'expected a path within "source": no "/" at its begin and no ".."',
);
