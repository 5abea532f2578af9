/** Build arguments as `docker history` shows them: `RUN |2 GIT_SHA=5d6e7f8 DEBUG=1 /bin/sh -c make # buildkit`, `ARG GIT_SHA=5d6e7f8`. */

/** @param text JSON, one object a line or an array. @returns effective values by name; empty where the text holds none */
export function argsOfHistory(text: string): Record<string, string> {
  const args: Record<string, string> = {};
  for (const created of readCreatedBy(text)) {
    const declared = /^(?:\/bin\/sh -c #\(nop\)\s+)?ARG ([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(created);
    if (declared) args[declared[1]!] ??= declared[2]!;
    const run = /^(?:RUN )?\|(\d{1,3}) (.*)$/s.exec(created);
    if (!run) continue;
    let rest = run[2]!;
    for (let n = Number(run[1]); n > 0; n--) {
      const pair = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(rest);
      if (!pair) break;
      rest = rest.slice(pair[0].length);
      // A value may hold blanks: it ends where the next argument or the command begins.
      const end = n > 1 ? rest.search(/ [A-Za-z_][A-Za-z0-9_]*=/) : rest.search(/ (?:\/bin\/|\/usr\/bin\/|cmd |powershell |\[)/);
      const value = end < 0 ? rest : rest.slice(0, end);
      args[pair[1]!] = value;
      rest = end < 0 ? '' : rest.slice(end + 1);
    }
  }
  return args;
}

function readCreatedBy(text: string): string[] {
  const found: string[] = [];
  const take = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { CreatedBy, created_by } = value as { CreatedBy?: unknown; created_by?: unknown };
    const created = CreatedBy ?? created_by;
    if (typeof created === 'string') found.push(created);
  };
  const trimmed = text.trim();
  if (trimmed.startsWith('[')) {
    try {
      const list: unknown = JSON.parse(trimmed);
      if (Array.isArray(list)) for (const v of list) take(v);
      return found;
    } catch {
      // Not one array: perhaps a line each.
    }
  }
  for (const line of trimmed.split('\n')) {
    try {
      take(JSON.parse(line));
    } catch {
      // A line of something else.
    }
  }
  return found;
}
