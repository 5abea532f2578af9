/** The contract of an envelope: what a CI system or a terminal wraps around each line of a log. One file per system in this folder. */

export interface Unwrapped {
  readonly text: string;
  /** Wall-clock time of the line, milliseconds since the epoch. */
  readonly time?: number;
  /** What tells interleaved streams apart. */
  readonly source?: string;
  /** The line shows a command that was run: this is its text. */
  readonly command?: string;
}

export interface Envelope {
  readonly id: string;
  /** As it is named to people: "GitHub Actions". */
  readonly title: string;
  /** Takes the wrapper off, or returns undefined where the line does not wear it. */
  strip(text: string): Unwrapped | undefined;
}

/** `2024-05-01T12:34:56.1234567Z` in milliseconds; undefined where it is no time. */
export function parseTime(text: string): number | undefined {
  const ms = Date.parse(text.replace(/(\.\d{3})\d+/, '$1').replace(',', '.'));
  return Number.isNaN(ms) ? undefined : ms;
}

/** Does the text begin as a line of a build's progress does, in any dialect? */
export function looksLikeProgress(text: string): boolean {
  return /^(?:#\d{1,5}(?: |$)| => |\[\+\] |Step \d+\/\d+ : | ?-{2,3}> |STEP \d+|\[\d+\/\d+\] STEP |\{"(?:vertexes|statuses|logs|warnings)"|Successfully (?:built|tagged) |Sending build context |-{6}$|ERROR: (?:failed to|target))/.test(
    text,
  );
}

/** `docker build …`, `docker compose up --build`, `podman build .`, behind any prompt or wrapper: is it the command of a build? */
export function isBuildCommand(text: string): boolean {
  return (
    /(?:^|[\s/"'=(;&|])(?:docker(?:\.exe)?|podman|buildah|nerdctl|docker-compose|buildctl|depot)\b[^\n]{0,1000}?\s(?:build|bake|bud|up|buildx|run)\b/.test(
      text.slice(0, 4000),
    ) && /\b(?:build|bake|bud|buildx)\b/.test(text)
  );
}
