/** Reads JSON values that follow each other, on one line each or wrapped over several, with other text between them. */

const MAX_DEPTH = 100;

export function readJsonValues(text: string): { readonly values: readonly unknown[]; readonly bad: number } {
  try {
    return { values: [JSON.parse(text)], bad: 0 };
  } catch {
    // Several values, or a cut one.
  }
  const values: unknown[] = [];
  let bad = 0;
  let start = -1;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (quoted) {
      if (char === 92) at++;
      else if (char === 34) quoted = false;
    } else if (char === 34) quoted = depth > 0;
    else if (char === 123 || char === 91) {
      if (depth++ === 0) start = at;
      if (depth > MAX_DEPTH) return { values, bad: bad + 1 };
    } else if ((char === 125 || char === 93) && depth > 0 && --depth === 0) {
      try {
        values.push(JSON.parse(text.slice(start, at + 1)));
      } catch {
        bad++;
      }
    }
  }
  return depth > 0 ? finishCut(text, start, values, bad) : { values, bad };
}

/** What follows a value that never ends is read line by line: an array cut in its middle, or one broken line. */
function finishCut(text: string, start: number, values: unknown[], bad: number): { values: unknown[]; bad: number } {
  for (const line of text.slice(start).split('\n')) {
    const trimmed = line.trim().replace(/^\[|[,\]]$/g, '');
    if (!trimmed.startsWith('{')) continue;
    try {
      values.push(JSON.parse(trimmed));
    } catch {
      bad++;
    }
  }
  return { values, bad: Math.max(bad, 1) };
}
