/** A registry of our own to test with, and what can go wrong with one. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeRegistry {
  /** `127.0.0.1:12345` */
  readonly host: string;
  readonly manifests: Map<string, Buffer>;
  readonly blobs: Map<string, Buffer>;
  /** `METHOD path authorization`, in order. */
  readonly seen: string[];
  /** Called before each request; true where it answered. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | null;
  close(): Promise<void>;
}

export const sha = (data: Uint8Array): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;

export async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ server: Server; host: string; close(): Promise<void> }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    server,
    host,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export async function startRegistry(): Promise<FakeRegistry> {
  const manifests = new Map<string, Buffer>();
  const blobs = new Map<string, Buffer>();
  const seen: string[] = [];
  const body = async (request: IncomingMessage): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}`);
    if (registry.intercept?.(request, response)) return;
    const url = new URL(request.url!, 'http://x');
    const name = url.pathname.split('/').at(-1)!;
    const end = (status: number, data?: Buffer, headers: Record<string, string> = {}): void => {
      response.writeHead(status, headers);
      response.end(request.method === 'HEAD' ? undefined : data);
    };
    if (url.pathname.includes('/manifests/')) {
      if (request.method === 'PUT') {
        manifests.set(name, await body(request));
        return end(201);
      }
      const found = manifests.get(name);
      return found ? end(200, found, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }) : end(404);
    }
    if (url.pathname.endsWith('/blobs/uploads/')) return end(202, undefined, { location: `${url.pathname}session-1?state=abc` });
    if (url.pathname.endsWith('/session-1') && request.method === 'PUT') {
      const data = await body(request);
      if (sha(data) !== url.searchParams.get('digest') || url.searchParams.get('state') !== 'abc') return end(400);
      blobs.set(sha(data), data);
      return end(201);
    }
    const blob = blobs.get(name);
    return blob ? end(200, blob) : end(404);
  };
  const { host, close } = await listen((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const registry: FakeRegistry = { host, manifests, blobs, seen, intercept: null, close };
  return registry;
}
