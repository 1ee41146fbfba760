export interface StatusUpdate<Status> {
  readonly id: string;
  /** Of the spec that the agent had taken when it said so; 0 when it had none. */
  readonly version: number;
  readonly status: Status;
}

/** Where the source side hands what is new about a resource. */
export interface StatusSink<Status> {
  /**
   * Called once at a time for each resource id, with the newest status that is known then: statuses in between may be left
   * out. The same status may come again after a restart of either side. A rejection leaves it unheld, so that it comes again.
   */
  apply(update: StatusUpdate<Status>): Promise<void>;
}
