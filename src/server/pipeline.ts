/** What the server needs of the pipeline; src/pipeline has the full types. */
export type RunKind = 'increment' | 'rebuild'

/** What happens in a run, as it happens. */
export type Progress = object

/** What a run did. */
export type Report = object

/** What `tributary status` shows. */
export type Status = object

export interface Pipeline {
  /** Throws `RUN_IN_PROGRESS` when one is. */
  runPipeline(kind: RunKind, onProgress?: (event: never) => void): Promise<Report>
  readStatus(): Promise<Status>
}
