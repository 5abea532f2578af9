import { type Envelope, parseTime } from './define.ts';

/** `2024-05-22T12:43:46.962646Z 00O #5 DONE 0.1s` (time-stamped jobs; `01E+` continues a line) */
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) [0-9a-f]{2}[OE]\+? ?/;
/** `section_start:1690000000:build_script` and `section_end:…`, glued to the text where the log lost its carriage returns */
const SECTION = /^section_(?:start|end):(\d{9,11}):[A-Za-z0-9_.-]+(?:\[[^\]]*\])?\s?/;

const envelope: Envelope = {
  id: 'gitlab',
  title: 'GitLab CI',
  strip(text) {
    let rest = text;
    let time: number | undefined;
    const stamp = STAMP.exec(rest);
    if (stamp) {
      time = parseTime(stamp[1] ?? '');
      rest = rest.slice(stamp[0].length);
    }
    const section = SECTION.exec(rest);
    if (section) rest = rest.slice(section[0].length);
    return stamp || section ? { text: rest, ...(time !== undefined && { time }) } : undefined;
  },
};
export default envelope;
