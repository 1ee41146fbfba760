/** A patch that cannot be applied, or that changes what must stay. `path`: where in the patch. */
export class PatchError extends Error {
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[], message: string) {
    super(message);
    this.path = path;
  }
}
