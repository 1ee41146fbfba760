/** What no disk, network or program can be blamed for. */
export function isProgramFault(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return true;
  return error instanceof Error && error.message.includes('the code asked for');
}
