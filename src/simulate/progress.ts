/** `#####.....  412/1000 commits`, on a terminal only. */
export function progressBar(): { show(done: number, all: number): void; clear(): void } {
  const { stderr } = process;
  if (!stderr.isTTY || process.env.TERM === 'dumb') return { show: () => {}, clear: () => {} };
  const begin = Date.now();
  let shown = false;
  return {
    show(done, all) {
      // What is over in the twinkling of an eye needs no bar.
      if (Date.now() - begin < 300 || all === 0) return;
      const width = 30;
      const full = Math.round((done / all) * width);
      stderr.write(`\r${'█'.repeat(full)}${'░'.repeat(width - full)}  ${done}/${all} commits`);
      shown = true;
    },
    clear() {
      if (shown) stderr.write('\r\u001b[K');
    },
  };
}
