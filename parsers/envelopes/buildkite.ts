import type { Envelope } from './define.ts';

/** `_bk;t=1714560896123#5 DONE 0.1s`: the APC code lost its escape characters on the way */
const STAMP = /^_?bk;t=(\d{13})\x07?\s?/;

const envelope: Envelope = {
  id: 'buildkite',
  title: 'Buildkite',
  strip(text) {
    const stamp = STAMP.exec(text);
    return stamp ? { text: text.slice(stamp[0].length), time: Number(stamp[1]) } : undefined;
  },
};
export default envelope;
