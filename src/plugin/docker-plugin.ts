/** What docker calls: `docker cachewhy …`, and the question after a build (docker/cli cli-plugins). */
import { connect } from 'node:net';
import { VERSION } from '../version.ts';

const HOOK = 'docker-cli-plugin-hooks';
const DESCRIBE = 'docker-cli-plugin-metadata';

/** Options of docker itself that may stand before our name, and the variables that say the same. */
const GLOBAL: Readonly<Record<string, string>> = {
  '--context': 'DOCKER_CONTEXT',
  '-c': 'DOCKER_CONTEXT',
  '--host': 'DOCKER_HOST',
  '-H': 'DOCKER_HOST',
  '--config': 'DOCKER_CONFIG',
};

/**
 * @param args as docker gives them: `[global options] cachewhy …`
 * @param main runs what stands behind our name
 */
export async function runPlugin(args: readonly string[], main: (rest: readonly string[]) => Promise<void>): Promise<void> {
  const own = args.indexOf('cachewhy');
  if (args[0] === DESCRIBE) {
    process.stdout.write(
      `${JSON.stringify({ SchemaVersion: '0.1.0', Vendor: 'cachewhy', Version: VERSION, ShortDescription: 'Say why a build missed its cache' })}\n`,
    );
    return;
  }
  if (args[0] === 'warm-up') {
    await warmUp(args[1] ?? '', args[2] ?? '');
    return;
  }
  for (let i = 0; i < own; i++) {
    const [name, inline] = splitOption(args[i]!);
    const variable = GLOBAL[name];
    if (variable === undefined) continue;
    const value = inline ?? args[++i];
    if (value !== undefined) process.env[variable] = value;
  }
  listenForEnd();
  const rest = args.slice(own + 1);
  if (rest[0] === HOOK) {
    const { answerHook } = await import('./hook.ts');
    process.stdout.write(await answerHook(rest[1] ?? ''));
    // Whatever is still under way is not to hold up docker.
    process.exit(0);
  }
  await main(rest);
}

/** Started by the hook, on its own: reads a big context so that the next look at it is quick. */
async function warmUp(context: string, dockerfile: string): Promise<void> {
  const [{ setPriority }, { takeSnapshot }, { cacheFolder }] = await Promise.all([
    import('node:os'),
    import('../context/snapshot.ts'),
    import('../machine/cache-folder.ts'),
  ]);
  const cacheDir = cacheFolder();
  if (cacheDir === undefined || context === '') return;
  try {
    setPriority(19);
    takeSnapshot({ root: context, cacheDir, ...(dockerfile !== '' && { dockerfile }) });
  } catch {
    // nobody waits for it
  }
}

function splitOption(arg: string): [string, string | undefined] {
  const equals = arg.indexOf('=');
  return equals === -1 ? [arg, undefined] : [arg.slice(0, equals), arg.slice(equals + 1)];
}

/** What docker tells its plugins by environment: not meant for the docker that we or a build start, which would take itself for a plugin. */
const ORIGINAL = 'DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND';
const SOCKET = 'DOCKER_CLI_PLUGIN_SOCKET';

/** Docker does not pass signals on that only it gets: it closes a socket instead (docker/cli cli-plugins/socket). */
function listenForEnd(): void {
  const address = process.env[SOCKET];
  delete process.env[SOCKET];
  delete process.env[ORIGINAL];
  if (!address) return;
  // `@name` is a socket without a file.
  const socket = connect(address.startsWith('@') ? `\0${address.slice(1)}` : address);
  let open = false;
  socket.on('connect', () => {
    open = true;
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (open) process.kill(process.pid, 'SIGINT');
  });
  socket.resume();
  socket.unref();
}
