import { type Envelope, isBuildCommand, parseTime } from './define.ts';

/** `2024-05-01T12:34:56.1234567Z #5 DONE 0.1s`; the CLI's `gh run view --log` puts `job<TAB>step<TAB>` in front. */
const STAMP = /^(?:([^\t]{1,200})\t([^\t]{0,200})\t)?\ufeff?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6,9}Z) ?/;
/** `[command]/usr/bin/docker buildx build …`, `##[group]Run docker build .`, `##[command]docker build` (Azure too) */
const COMMAND = /^(?:##)?\[(?:command|section)\]\s*|^(?:##\[group\])?Run /;

const envelope: Envelope = {
  id: 'github',
  title: 'GitHub Actions',
  strip(text) {
    const stamp = STAMP.exec(text);
    if (!stamp) return undefined;
    const time = parseTime(stamp[3] ?? '');
    const rest = text.slice(stamp[0].length);
    const command = COMMAND.test(rest) ? rest.replace(COMMAND, '') : '';
    return {
      text: rest,
      ...(time !== undefined && { time }),
      ...(stamp[1] !== undefined && { source: `${stamp[1]}` }),
      ...(isBuildCommand(command) && { command }),
    };
  },
};
export default envelope;
