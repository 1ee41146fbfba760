/** Where an action came from: the request that it was asked for with, and the address of whoever asked. */
export interface Origin {
  readonly requestId: string | null;
  readonly remote: string | null;
}

/** Who acts: `token:<id>`, `agent:<id>`, `hub` … alone, or with where they asked. */
export type Actor = string | (Origin & { readonly name: string });

export function nameOf(actor: Actor): string {
  return typeof actor === 'string' ? actor : actor.name;
}

export function originOf(actor: Actor): Origin {
  return typeof actor === 'string' ? { requestId: null, remote: null } : actor;
}
