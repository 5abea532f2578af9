import { type Envelope, looksLikeProgress } from './define.ts';

/**
 * A name before each line: `api  | #5 DONE 0.1s` (compose, make -O, foreman), `[branch] #5 …` (Jenkins pipelines), `> #5 …` (quoted mail),
 * `remote: #5 …` (git push), `app: #5 …`. Taken off only where what follows is progress: a RUN may print such lines too.
 */
const LABELS: readonly RegExp[] = [
  /^([\w./@:-]{1,80})\s{0,40}\| ?/,
  /^\[([^\]]{1,80})\] /,
  /^(>) ?/,
  /^(?:│|┃) ?/,
  /^([\w./@-]{1,60}): {1,2}/,
  /^(?:INFO|DEBUG|NOTICE|WARN|ERROR|info|debug)(?:\[\d+\])?[: ]{1,2}/,
];

const envelope: Envelope = {
  id: 'label',
  title: 'labels before each line',
  strip(text) {
    const first = text.charCodeAt(0);
    if (first === 35 || text === '') return undefined;
    // Blanks before a line that was copied from a page. Terminal rows and the classic builder's arrows begin with one of their own.
    const indented = /^[ \t]+(?=#\d+ )/.exec(text);
    if (indented) return { text: text.slice(indented[0].length) };
    for (const label of LABELS) {
      const match = label.exec(text);
      if (!match) continue;
      const rest = text.slice(match[0].length);
      if (looksLikeProgress(rest) && !/^\[\d+\/\d+\]/.test(text))
        return { text: rest, ...(match[1] !== undefined && match[1] !== '>' && { source: match[1] }) };
    }
    return undefined;
  },
};
export default envelope;
