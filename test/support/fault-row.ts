/** A row of the fault table. Together its parts are the title of the test: what is broken, when: what comes of it. */
export interface FaultRow {
  readonly broken: string;
  readonly when: string;
  readonly outcome: string;
}
