/**
 * - `join-token-refused`: the hub does not know the join token, or it is used up
 * - `enrolment-refused`: the hub does not take this agent for another reason: its name, its labels or its certificate
 * - `not-enrolled`: there is no identity yet and nothing to get one with
 * - `data-folder`: the data folder is not usable, or another process owns it
 */
export type AgentErrorCode = 'join-token-refused' | 'enrolment-refused' | 'not-enrolled' | 'data-folder';

/** Why an agent cannot start. Whatever happens afterwards is lived with, logged and shown. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: AgentErrorCode;

  constructor(code: AgentErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
