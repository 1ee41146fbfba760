/**
 * - `enrolment-refused`: the hub does not take this agent: the join token, the name or the labels are not allowed
 * - `not-enrolled`: there is no identity yet and nothing to get one with
 * - `data-folder`: the data folder is not usable, or another process owns it
 */
export type AgentErrorCode = 'enrolment-refused' | 'not-enrolled' | 'data-folder';

/** Why an agent cannot start. Whatever happens afterwards is lived with, logged and shown. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: AgentErrorCode;

  constructor(code: AgentErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
