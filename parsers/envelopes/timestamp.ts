import { type Envelope, parseTime } from './define.ts';

/**
 * Any time stamp: `[2024-05-01T12:34:56.123Z] ` and `12:34:56  ` (Jenkins), `2024-05-01T12:34:56.1234567Z ` (Azure), `[12:34:56] ` and
 * `[12:34:56]W:	 [Step 1/2] ` (TeamCity), `2024/05/01 12:34:56 ` (CodeBuild, Drone), `[   12.345] ` (ts -s), `May 01 12:34:56 `.
 */
const STAMPS: readonly RegExp[] = [
  /^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\]?(?: [A-Z]{3,4}\b)?[ \t|:-]{0,4}/,
  /^\[?\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?\]?[ \t]{0,4}/,
  /^\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?(?:[WEFi]?:\t? ?\[[^\]]{1,80}\])?[ \t|]{0,4}/,
  /^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?[ \t]{1,2}/,
  /^\[\s{0,8}\d{1,7}\.\d{3,6}s?\][ \t]/,
];

const envelope: Envelope = {
  id: 'timestamp',
  title: 'time stamps',
  strip(text) {
    const first = text.charCodeAt(0);
    if (first === 35 /* # */ || first === 32 /* blank */) return undefined;
    for (const stamp of STAMPS) {
      const match = stamp.exec(text);
      if (!match) continue;
      const time = match[1] ? parseTime(match[1].replace(' ', 'T')) : undefined;
      return { text: text.slice(match[0].length), ...(time !== undefined && { time }) };
    }
    return undefined;
  },
};
export default envelope;
