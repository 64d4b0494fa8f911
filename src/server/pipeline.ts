/** What the server needs of the pipeline; src/pipeline has the full types. */
export type RunKind = 'increment' | 'rebuild'

/** What a run did. */
export type Report = object

/** What `tributary status` shows. */
export type Status = object

export interface Pipeline {
  /** Tells what happens as it happens. Throws `RUN_IN_PROGRESS` when another run is. */
  runPipeline(kind: RunKind, onProgress?: (event: never) => void): Promise<Report>
  readStatus(): Promise<Status>
}
