/** What a diagnosis is asked: by options, by a configuration file, or by another command. Their names are in the report's contract. */
export interface DiagnosisOptions {
  readonly dockerfile?: string;
  readonly context?: string;
  readonly baseline?: string;
  readonly saveBaseline?: string;
  readonly buildCommand?: string;
  readonly history?: string;
  readonly format: readonly string[];
  readonly color?: boolean;
  readonly logLevel?: string;
  readonly remember: boolean;
  readonly failOn: readonly string[];
  readonly minHitRate?: number;
  readonly maxAvoidable?: number;
  readonly maxRebuilt?: number;
  readonly protect: readonly string[];
  readonly pricePerMinute?: number;
  readonly buildsPerDay?: number;
  readonly currency?: string;
}

export interface RunOptions extends DiagnosisOptions {
  /** Builds again, unchanged. */
  readonly twice: boolean;
}
