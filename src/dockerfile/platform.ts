/** Platforms as containerd reads and prints them: `linux/arm64`, `linux/arm/v7`. https://github.com/containerd/platforms */

export interface Platform {
  readonly os: string;
  readonly arch: string;
  /** '' where there is none. */
  readonly variant: string;
  readonly osVersion: string;
}

const ARCH_ALIASES: Readonly<Record<string, readonly [arch: string, variant: string]>> = {
  i386: ['386', ''],
  x86_64: ['amd64', ''],
  'x86-64': ['amd64', ''],
  aarch64: ['arm64', ''],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};
const SYSTEMS = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos'.split(' '),
);

/** Null for what is no platform. */
export function parsePlatform(text: string): Platform | null {
  const parts = text.split('/');
  if (parts.length > 3 || parts.some((part) => !/^[A-Za-z0-9_.-]+(?:\([^()]*\))?$/.test(part))) return null;
  const [first = '', second, third] = parts;
  const system = /^([^(]+)(?:\(([^,)]*)(?:,[^)]*)?\))?$/.exec(first)!;
  const os = normalizeSystem(system[1]!);
  if (second === undefined) {
    if (SYSTEMS.has(os)) return normalize(os, 'amd64', '', system[2] ?? '');
    return normalize('linux', first, '', '');
  }
  return normalize(os, second, third ?? '', system[2] ?? '');
}

function normalizeSystem(os: string): string {
  const lower = os.toLowerCase();
  return lower === 'macos' ? 'darwin' : lower;
}

function normalize(os: string, givenArch: string, givenVariant: string, osVersion: string): Platform {
  const [arch, alias] = ARCH_ALIASES[givenArch.toLowerCase()] ?? [givenArch.toLowerCase(), ''];
  let variant = givenVariant.toLowerCase() || alias;
  if (/^\d/.test(variant) && arch.startsWith('arm')) variant = `v${variant}`;
  if ((arch === 'amd64' && variant === 'v1') || (arch === 'arm64' && variant === 'v8')) variant = '';
  if (arch === 'arm' && variant === '') variant = 'v7';
  return { os, arch, variant, osVersion };
}

export function formatPlatform({ os, arch, variant, osVersion }: Platform): string {
  const system = osVersion === '' ? os : `${os}(${osVersion})`;
  return [system, arch, variant].filter((part) => part !== '').join('/');
}

/** What a name shows of a cross build: `->arm64` in `[linux/amd64->arm64 build 2/3] RUN …`; '' where the target is the same. */
export function formatCross(base: Platform, target: Platform | null): string {
  if (!target) return '';
  if (target.os !== base.os) return `->${formatPlatform(target)}`;
  if (target.arch === base.arch) return '';
  return `->${target.arch}${target.variant === '' ? '' : `/${target.variant}`}`;
}

/** The target that a stage's variables name: TARGETPLATFORM, or its parts. @param pairs in the order of the environment */
export function targetFromEnv(pairs: Iterable<readonly [name: string, value: string]>, base: Platform): Platform | null {
  const parts: Record<string, string> = {};
  for (const [name, value] of pairs) {
    const whole = name === 'TARGETPLATFORM' ? parsePlatform(value) : null;
    if (whole) return whole;
    if (name === 'TARGETOS' || name === 'TARGETARCH' || name === 'TARGETVARIANT') parts[name] = value;
  }
  if (Object.keys(parts).length === 0) return null;
  return normalize(parts.TARGETOS || base.os, parts.TARGETARCH || base.arch, parts.TARGETVARIANT ?? '', '');
}
