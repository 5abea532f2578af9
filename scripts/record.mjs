// Draws a command and what a terminal showed of it as an SVG:
//   script -qec 'docker build .' /dev/null | node scripts/record.mjs 'docker build .' >docs/hook.svg
// Understands colours and bold (SGR), and lines that were drawn over again (carriage return, cursor up, erase).
import { readFileSync } from 'node:fs';

const COLORS = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 34: '#79c0ff', 36: '#a5d6ff', 90: '#8b949e' };
const [command = ''] = process.argv.slice(2);
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Lines of cells as they stand in the end. */
function screen(text) {
  const rows = [[]];
  let row = 0;
  let column = 0;
  let style = '';
  for (const [token] of text.matchAll(/\u001b\[[0-9;?]*[A-Za-z]|\r|\n|[\s\S]/gu)) {
    if (token === '\n') {
      row++;
      column = 0;
      rows[row] ??= [];
    } else if (token === '\r') column = 0;
    else if (token.startsWith('\u001b')) {
      const count = Number(/\d+/.exec(token)?.[0] ?? 1);
      if (token.endsWith('A')) row = Math.max(0, row - count);
      else if (token.endsWith('K')) rows[row].length = column;
      else if (token.endsWith('m')) style = restyle(style, token.slice(2, -1));
    } else {
      for (; rows[row].length < column; ) rows[row].push({ char: ' ', style: '' });
      rows[row][column++] = { char: token, style };
    }
  }
  return rows;
}

function restyle(style, codes) {
  let now = style;
  for (const code of codes.split(';')) {
    if (code === '' || code === '0') now = '';
    else if (code === '1') now += 'font-weight:bold;';
    else if (code === '2') now += 'opacity:.65;';
    else if (code === '22') now = now.replace(/font-weight:bold;|opacity:.65;/g, '');
    else if (code === '39') now = now.replace(/fill:[^;]*;/g, '');
    else if (COLORS[code]) now = `${now.replace(/fill:[^;]*;/g, '')}fill:${COLORS[code]};`;
  }
  return now;
}

const rows = [...screen(`\u001b[90m$\u001b[0m ${command}`), ...screen(readFileSync(0, 'utf8').replace(/\s+$/, ''))];
const width = Math.max(60, ...rows.map((r) => r.length));
const lines = rows.map((cells, i) => {
  let spans = '';
  for (let at = 0; at < cells.length; ) {
    let end = at;
    while (end < cells.length && cells[end].style === cells[at].style) end++;
    const text = escape(
      cells
        .slice(at, end)
        .map((c) => c.char)
        .join(''),
    );
    spans += cells[at].style ? `<tspan style="${cells[at].style}">${text}</tspan>` : text;
    at = end;
  }
  return `<text x="16" y="${56 + i * 18}" xml:space="preserve">${spans}</text>`;
});
const [w, h] = [32 + width * 7.9, 76 + rows.length * 18];
process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(w)}" height="${h}" viewBox="0 0 ${Math.ceil(w)} ${h}" role="img" aria-label="${escape(command)}">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/><g fill="#30363d"><circle cx="20" cy="20" r="6"/><circle cx="40" cy="20" r="6"/><circle cx="60" cy="20" r="6"/></g>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="13" fill="#c9d1d9">
${lines.join('\n')}
</g></svg>
`);
