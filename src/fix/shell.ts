/** As much of a shell line as is needed to tell what it needs: which commands it runs, one after the other. */

/** A command of `a && b && c`, as written and in words without quotes. */
export interface Command {
  readonly text: string;
  readonly words: readonly string[];
}

/**
 * The commands of a line that are joined by `&&` alone.
 * @returns null where other operators, substitutions or loops make it more than that
 */
export function splitCommands(line: string): Command[] | null {
  const parts: string[] = [];
  let start = 0;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const c = line[i] as string;
    if (quote !== '') {
      if (c === '\\' && quote === '"') i++;
      else if (c === quote) quote = '';
      else if (quote === '"' && (c === '`' || (c === '$' && line[i + 1] === '('))) return null;
      continue;
    }
    if (c === '\\') i++;
    else if (c === '"' || c === "'") quote = c;
    else if (c === '&' && line[i + 1] === '&') {
      parts.push(line.slice(start, i));
      start = i + 2;
      i++;
    } else if (/[;|&`(){}\n]/.test(c) && !isRedirection(line, i)) return null;
  }
  if (quote !== '') return null;
  parts.push(line.slice(start));
  const commands = parts.map((p) => ({ text: p.trim(), words: words(p) }));
  return commands.some((c) => c.words.length === 0) ? null : commands;
}

/** `2>&1`, `&>/dev/null`, `${NAME}` */
function isRedirection(line: string, at: number): boolean {
  const c = line[at];
  if (c === '&') return line[at - 1] === '>' || line[at + 1] === '>';
  if (c === '{') return line[at - 1] === '$';
  if (c === '}') return /\$\{[A-Za-z0-9_]*$/.test(line.slice(Math.max(0, at - 60), at));
  return false;
}

function words(text: string): string[] {
  const out: string[] = [];
  let word = '';
  let some = false;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (quote !== '') {
      if (c === quote) quote = '';
      else if (c === '\\' && quote === '"' && i + 1 < text.length) word += text[++i];
      else word += c;
    } else if (c === '"' || c === "'") {
      quote = c;
      some = true;
    } else if (c === '\\' && i + 1 < text.length) word += text[++i];
    else if (/\s/.test(c)) {
      if (some || word !== '') out.push(word);
      word = '';
      some = false;
    } else word += c;
  }
  if (some || word !== '') out.push(word);
  return out;
}

/** The words without assignments in front (`NODE_ENV=production npm ci`) and redirections at the end. */
export function program(command: Command): readonly string[] {
  const start = command.words.findIndex((w) => !/^[A-Za-z_][A-Za-z0-9_]*=/.test(w));
  const rest = start < 0 ? [] : command.words.slice(start);
  return rest.filter((w) => !/^\d?>/.test(w) && w !== '/dev/null');
}

/** Arguments that are no options. Options that take a value are named in `valued`. */
export function operands(args: readonly string[], valued: readonly string[] = []): string[] {
  const out: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const a = args[i] as string;
    if (!a.startsWith('-') || a === '-') out.push(a);
    else if (valued.includes(a)) i++;
  }
  return out;
}

/** Needs a command nothing of the build context? Only what is sure. */
export function needsNoFiles(command: Command): boolean {
  const [name = '', sub = '', ...more] = program(command);
  const args = [sub, ...more];
  const named = (list: readonly string[]): boolean =>
    list.length > 0 && list.every((a) => !/^[./]|^-e$|\.(?:deb|rpm|apk|whl|tgz|tar\.gz|gem|txt)$/.test(a));
  switch (name) {
    case 'apt-get':
    case 'apt':
      return (
        /^(?:update|clean|autoclean|autoremove|upgrade|dist-upgrade)$/.test(verb(args)) ||
        (verb(args) === 'install' && named(afterVerb(args)))
      );
    case 'apk':
      return (
        /^(?:update|upgrade)$/.test(verb(args)) ||
        (verb(args) === 'add' && named(afterVerb(args, ['-t', '--virtual', '-X', '--repository'])))
      );
    case 'yum':
    case 'dnf':
    case 'microdnf':
    case 'zypper':
      return /^(?:update|upgrade|clean|makecache|refresh)$/.test(verb(args)) || (verb(args) === 'install' && named(afterVerb(args)));
    case 'npm':
      return (
        (/^(?:i|install)$/.test(sub) && more.some((a) => a === '-g' || a === '--global') && named(operands(more))) ||
        /^(?:cache|config)$/.test(sub)
      );
    case 'yarn':
      return (
        (sub === 'global' && more[0] === 'add' && named(operands(more.slice(1)))) ||
        sub === 'config' ||
        (sub === 'cache' && more[0] === 'clean')
      );
    case 'pnpm':
      return (
        (/^(?:add|install|i)$/.test(sub) && more.some((a) => a === '-g' || a === '--global') && named(operands(more))) || sub === 'config'
      );
    case 'mix':
      return /^local\.(?:hex|rebar)$/.test(sub) || (sub === 'archive.install' && more[0] === 'hex');
    case 'corepack':
      return sub === 'enable' || (sub === 'prepare' && more.length > 0);
    case 'pip':
    case 'pip3':
      return (
        sub === 'install' &&
        !more.some((a) => /^(?:-r|--requirement|-c|--constraint|-e|--editable)/.test(a)) &&
        named(operands(more, ['-i', '--index-url', '--extra-index-url', '-f', '--find-links', '-t', '--target', '--prefix']))
      );
    case 'gem':
      return sub === 'install' && named(operands(more, ['-v', '--version']));
    case 'go':
      return sub === 'install' && operands(more).length > 0 && operands(more).every((a) => a.includes('@') && !a.startsWith('.'));
    case 'docker-php-ext-install':
    case 'docker-php-ext-enable':
    case 'docker-php-ext-configure':
    case 'a2enmod':
    case 'locale-gen':
    case 'addgroup':
    case 'adduser':
    case 'groupadd':
    case 'useradd':
      return true;
    case 'mkdir':
      return operands(args, ['-m']).every((a) => a.startsWith('/'));
    case 'rm':
      return operands(args).every((a) =>
        /^\/(?:var\/(?:lib\/apt\/lists|cache)|root\/\.(?:cache|npm)|tmp|usr\/share\/(?:doc|man))(?:\/|$)/.test(a),
      );
    case 'true':
    case 'set':
      return true;
    default:
      return false;
  }
}

/** The first word that is no option: `-y --no-install-recommends install curl` → install. */
function verb(args: readonly string[]): string {
  return args.find((a) => !a.startsWith('-')) ?? '';
}

function afterVerb(args: readonly string[], valued: readonly string[] = []): string[] {
  return operands(args, ['-t', '--target-release', '-o', ...valued]).slice(1);
}
