export interface StatusEntry<Status> {
  readonly id: string;
  readonly status: Status;
}

/** The truth about the statuses of one resource type on this agent. A rejection means "not known now". */
export interface StatusLister<Status> {
  list(): Promise<readonly StatusEntry<Status>[]>;
  /** Null when there is nothing to say about this resource. */
  get(id: string): Promise<Status | null>;
}
