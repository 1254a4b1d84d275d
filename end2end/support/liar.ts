// A server that lies: a proxy in front of the real one that changes its answers.

import { createServer, request, type IncomingHttpHeaders, type Server as HttpServer } from 'node:http';

import { freePort, Server } from './server.ts';

/** An answer on its way to the browser. */
export interface Answer {
  path: string;
  body: Buffer;
}

/** Gives the body that the browser gets. */
export type Lie = (answer: Answer) => Buffer | undefined;

export class Liar {
  /** Changes answers; honest without one. */
  lie: Lie | undefined;
  /** Requests that reached the server, by method and path. */
  readonly asked: string[] = [];

  private constructor(
    readonly port: number,
    readonly server: Server,
    private readonly listener: HttpServer,
  ) {}

  static async start(): Promise<Liar> {
    const port = await freePort();
    const server = await Server.start({ env: { PUBLIC_ORIGIN: `http://127.0.0.1:${port}` } });
    const listener = createServer();
    const liar = new Liar(port, server, listener);
    listener.on('request', (incoming, outgoing) => {
      const path = incoming.url ?? '/';
      liar.asked.push(`${incoming.method} ${path}`);
      // Plain bodies only, so that a lie need not be compressed again.
      const headers: IncomingHttpHeaders = { ...incoming.headers, 'accept-encoding': 'identity' };
      const onward = request({ port: server.port, host: '127.0.0.1', path, method: incoming.method, headers });
      onward.on('error', () => outgoing.destroy());
      onward.on('response', (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () => {
          const body = Buffer.concat(parts);
          const told = liar.lie?.({ path, body }) ?? body;
          const { 'transfer-encoding': _, ...rest } = answer.headers;
          outgoing.writeHead(answer.statusCode ?? 502, { ...rest, 'content-length': told.length });
          outgoing.end(told);
        });
      });
      incoming.pipe(onward);
    });
    await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve));
    return liar;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.listener.closeAllConnections();
    await new Promise((resolve) => this.listener.close(resolve));
    await this.server.dispose();
  }
}

const HEADER = { item: 45, tombstone: 33, manifest: 3 };

/** The records of a sync, whole, without its beginning and end. */
export function records(stream: Buffer): { kind: number; bytes: Buffer }[] {
  const found = [];
  let at = 4;
  for (;;) {
    const kind = stream[at];
    let length: number;
    if (kind === 1) length = HEADER.item + stream.readUInt32BE(at + 41);
    else if (kind === 2) length = HEADER.tombstone;
    else if (kind === 3) length = HEADER.manifest + stream.readUInt16BE(at + 1);
    else return found;
    found.push({ kind, bytes: stream.subarray(at, at + length) });
    at += length;
  }
}

/** Changes the JSON of every answer that has some. */
export const everyJson =
  (change: (path: string, answer: Record<string, unknown>) => void): Lie =>
  ({ path, body }) => {
    let answer: unknown;
    try {
      answer = JSON.parse(body.toString());
    } catch {
      return undefined;
    }
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return undefined;
    change(path, answer as Record<string, unknown>);
    return Buffer.from(JSON.stringify(answer));
  };

/** A sync of these records. */
export function sync(all: { bytes: Buffer }[]): Buffer {
  const end = Buffer.alloc(5);
  end.writeUInt32BE(all.length, 1);
  return Buffer.concat([Buffer.from('KAC2'), ...all.map(({ bytes }) => bytes), end]);
}
