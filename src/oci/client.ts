/**
 * Talks to a registry by the OCI distribution specification, as far as baselines need it. Credentials go to the registry and to the token
 * service that it names, and nowhere else: not along a redirect to another host, not into a message.
 */
import { type Credentials, findCredentials } from './credentials.ts';
import type { OciReference } from './reference.ts';

/** A registry's refusal or silence, as a sentence's end: `answered 403 (denied)`. */
export class RegistryError extends Error {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

export interface RegistryAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** Path below the registry (`/v2/…`), or a whole URL that the registry gave. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** More bytes than these are not read. */
  readonly limit: number;
  /** Statuses beside 2xx that are an answer and no error. */
  readonly accept?: readonly number[];
}

/** The signal ends what it can by itself. */
const GRACE_MS = 200;
const MAX_REDIRECTS = 5;
const SMALL = 1024 * 1024;

export class RegistryClient {
  readonly reference: OciReference;
  private readonly env: Readonly<Record<string, string | undefined>>;
  private readonly signal: AbortSignal;
  /** By `performance.now()`. */
  private readonly deadline: number;
  private readonly actions: string;
  private authorization: string | null = null;
  private credentials: Promise<Credentials | null> | null = null;

  /** @param timeoutMs for all that is asked together */
  constructor(
    reference: OciReference,
    actions: 'pull' | 'pull,push',
    timeoutMs: number,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.reference = reference;
    this.actions = actions;
    this.env = env;
    this.signal = AbortSignal.timeout(timeoutMs);
    this.deadline = performance.now() + timeoutMs;
  }

  /** @throws RegistryError */
  async ask(request: RegistryRequest): Promise<RegistryAnswer> {
    let answer = await this.follow(request);
    if (answer.status === 401) {
      const challenge = answer.headers.get('www-authenticate') ?? '';
      this.authorization = await this.authorize(challenge);
      if (this.authorization !== null) answer = await this.follow(request);
    }
    const { status } = answer;
    if ((status >= 200 && status < 300) || request.accept?.includes(status)) return answer;
    throw new RegistryError(refusal(status, answer.body), status);
  }

  private async follow(request: RegistryRequest): Promise<RegistryAnswer> {
    let url = this.resolve(request.url, `${this.reference.origin}/`);
    for (let hop = 0; ; hop++) {
      const own = url.origin === this.reference.origin;
      const headers = {
        'user-agent': 'cachewhy',
        ...request.headers,
        ...(own && this.authorization !== null && { authorization: this.authorization }),
      };
      const answer = await this.fetch(url, request.method, headers, request.body, request.limit);
      const location = answer.headers.get('location');
      const redirected =
        [301, 302, 303, 307, 308].includes(answer.status) && location !== null && request.method !== 'POST' && request.method !== 'PUT';
      if (!redirected) return answer;
      if (hop >= MAX_REDIRECTS) throw new RegistryError('redirects in circles', answer.status);
      url = this.resolve(location, url.href);
    }
  }

  /** A URL that the registry gave must not lead away from TLS. */
  private resolve(url: string, from: string): URL {
    let found: URL;
    try {
      found = new URL(url, from);
    } catch {
      throw new RegistryError('gave an address that is none', 0);
    }
    // Not even to this machine: what answers here is none of the registry's business.
    const secure = found.protocol === 'https:' || (found.protocol === 'http:' && this.reference.origin.startsWith('http:'));
    if (!secure) throw new RegistryError('leads to an address without TLS', 0);
    return found;
  }

  private async fetch(
    url: URL,
    method: string,
    headers: Record<string, string>,
    body: Uint8Array | undefined,
    limit: number,
  ): Promise<RegistryAnswer> {
    const ask = async (): Promise<RegistryAnswer> => {
      const response = await fetch(url, {
        method,
        headers,
        ...(body && { body: body as unknown as NonNullable<RequestInit['body']> }),
        redirect: 'manual',
        signal: this.signal,
      });
      return { status: response.status, headers: response.headers, body: await readBody(response, limit) };
    };
    try {
      return await this.inTime(ask());
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      throw new RegistryError(silence(error), 0);
    }
  }

  /** Node waits without end, whatever the signal says, for a body that is cut off in an encoding that it claims. */
  private async inTime<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const left = this.deadline - performance.now();
      timer = setTimeout(() => reject(new RegistryError('gave no answer in time', 0)), Math.max(0, left) + GRACE_MS);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async authorize(challenge: string): Promise<string | null> {
    this.credentials ??= findCredentials(this.reference.registry, this.env);
    const credentials = await this.credentials;
    if (/^basic\b/i.test(challenge)) return credentials?.kind === 'password' ? basic(credentials.username, credentials.password) : null;
    if (credentials?.kind === 'bearer') return `Bearer ${credentials.token}`;
    const parameters = readChallenge(challenge);
    if (!parameters) return null;
    return this.fetchToken(parameters, credentials);
  }

  /** The token flow: https://distribution.github.io/distribution/spec/auth/token/ */
  private async fetchToken(parameters: Readonly<Record<string, string>>, credentials: Credentials | null): Promise<string> {
    const url = this.resolve(parameters.realm ?? '', `${this.reference.origin}/`);
    const scope = `repository:${this.reference.repository}:${this.actions}`;
    let answer: RegistryAnswer;
    if (credentials?.kind === 'identity') {
      const form = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: credentials.token,
        scope,
        client_id: 'cachewhy',
        service: parameters.service ?? '',
      });
      answer = await this.fetch(url, 'POST', { 'content-type': 'application/x-www-form-urlencoded' }, Buffer.from(form.toString()), SMALL);
    } else {
      if (parameters.service !== undefined) url.searchParams.set('service', parameters.service);
      url.searchParams.set('scope', scope);
      answer = await this.fetch(
        url,
        'GET',
        credentials?.kind === 'password' ? { authorization: basic(credentials.username, credentials.password) } : {},
        undefined,
        SMALL,
      );
    }
    if (answer.status !== 200) throw new RegistryError(`refused the credentials (${answer.status})`, 401);
    try {
      const { token, access_token } = JSON.parse(answer.body.toString('utf8')) as { token?: unknown; access_token?: unknown };
      const found = token ?? access_token;
      if (typeof found === 'string' && /^[\x21-\x7e]+$/.test(found)) return `Bearer ${found}`;
    } catch {
      // No JSON.
    }
    throw new RegistryError('gave no token', 401);
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** `Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:x:pull"` */
function readChallenge(challenge: string): Record<string, string> | null {
  if (!/^bearer\s/i.test(challenge)) return null;
  return Object.fromEntries(
    [...challenge.slice(0, 4096).matchAll(/(?<![a-z_])([a-z_]+)="([^"]*)"/gi)].map((m) => [m[1]!.toLowerCase(), m[2]!]),
  );
}

async function readBody(response: Response, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (response.body === null) return Buffer.alloc(0);
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > limit) throw new RegistryError(`sent more than ${Math.round(limit / 1e6)} MB`, response.status);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const MEANINGS: Readonly<Record<number, string>> = {
  401: 'not logged in',
  403: 'denied',
  404: 'not found',
  405: 'not allowed',
  413: 'too large',
  429: 'too many requests',
};

function refusal(status: number, body: Buffer): string {
  let code: string | undefined;
  try {
    const { errors } = JSON.parse(body.toString('utf8')) as { errors?: { code?: unknown }[] };
    const first = errors?.[0]?.code;
    if (typeof first === 'string' && /^[A-Z_]{1,40}$/.test(first)) code = first;
  } catch {
    // Not every answer is JSON.
  }
  const meaning = MEANINGS[status] ?? code;
  return `answered ${status}${meaning === undefined ? '' : ` (${meaning})`}`;
}

function silence(error: unknown): string {
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')) return 'gave no answer in time';
  const cause = (error as { cause?: { code?: unknown } }).cause?.code;
  if (cause === 'ECONNREFUSED') return 'cannot be reached (connection refused)';
  if (cause === 'ENOTFOUND' || cause === 'EAI_AGAIN') return 'cannot be reached (no such host)';
  return `cannot be reached${typeof cause === 'string' && /^[A-Z0-9_]{1,60}$/.test(cause) ? ` (${cause})` : ''}`;
}
