import type { Issue } from '../../protocol/protocol-error.ts';

/** Why a document cannot be run by this automation. Proves that nothing was started. */
export interface Refusal {
  readonly type: 'refused';
  readonly cause: 'parameters-invalid' | 'start-failed';
  /** One sentence for a person, without any secret. */
  readonly message: string;
  /** Wrong places; the pointers begin with `/parameters` or `/secrets`. */
  readonly errors: readonly Issue[];
}
