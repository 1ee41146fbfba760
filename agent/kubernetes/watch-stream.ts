import type { KubernetesError } from './kubernetes-error.ts';
import type { KubernetesObject } from './kubernetes-object.ts';

/**
 * - `bookmark`: nothing changed up to this version
 * - `error`: the server ends the watch; `gone` means that it must begin with a new list
 * - `unreadable`: a line that is no event: something was missed, so that only a new list helps
 */
export type WatchEvent =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: KubernetesObject }
  | { readonly type: 'bookmark'; readonly resourceVersion: string }
  | { readonly type: 'error'; readonly error: KubernetesError }
  | { readonly type: 'unreadable'; readonly message: string };

/**
 * What happens to a collection, in order. It ends without a word when the server's time for it is over, when a server stops, and when something
 * between cut it: watch again from the last version. A broken connection throws `KubernetesError` (`unreachable`).
 */
export interface WatchStream extends AsyncIterable<WatchEvent>, AsyncDisposable {}
