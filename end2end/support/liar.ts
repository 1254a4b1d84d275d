// A server that lies: a proxy in front of the real one that changes its answers.

import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';

import { freePort, Server } from './server.ts';

/** A request of the browser. */
export interface Asked {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** An answer on its way to the browser. */
export interface Answer {
  path: string;
  body: Buffer;
  asked: Asked;
}

/** What the browser gets in the place of an answer. */
export interface Told {
  status: number;
  type: string;
  body: Buffer;
}

/** Gives the body that the browser gets. */
export type Lie = (answer: Answer) => Buffer | undefined;

export class Liar {
  /** Changes answers; honest without one. */
  lie: Lie | undefined;
  /** Answers in the server's place, which then hears nothing of it. */
  instead: ((asked: Asked) => Told | undefined) | undefined;
  /** The server that a request goes to, where it is not always the same. */
  upstream: ((asked: Asked) => Server) | undefined;
  /** All requests, by method and path. */
  readonly asked: string[] = [];
  /** The same, whole. */
  readonly requests: Asked[] = [];

  private constructor(
    readonly port: number,
    readonly server: Server,
    /** What the server takes for its own address. */
    private readonly serversOrigin: string,
    private readonly listener: HttpServer,
  ) {}

  /** In front of a server of its own, which takes the proxy's address for its own. */
  static async start(): Promise<Liar> {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    return Liar.listen(port, await Server.start({ env: { PUBLIC_ORIGIN: origin } }), origin);
  }

  /** At another address, in front of a server that does not know of it. */
  static async relay(server: Server, serversOrigin: string): Promise<Liar> {
    return Liar.listen(await freePort(), server, serversOrigin);
  }

  private static async listen(port: number, server: Server, serversOrigin: string): Promise<Liar> {
    const listener = createServer();
    const liar = new Liar(port, server, serversOrigin, listener);
    listener.on('request', (incoming, outgoing) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => liar.hear(incoming, Buffer.concat(parts), outgoing));
    });
    await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve));
    return liar;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** How many requests had this method and, as the end of their path, this. */
  count(method: string, path: string): number {
    return this.requests.filter((asked) => asked.method === method && asked.path.split('?')[0]!.endsWith(path)).length;
  }

  /** What was sent since then, log-ins aside: those prove a key and change nothing. */
  writtenSince(then: number): string[] {
    return this.asked.slice(then).filter((asked) => asked.startsWith('POST ') && !/\/auth\/(challenge|login)$/.test(asked));
  }

  /** Stops listening, and the server unless somebody else's. */
  async stop(): Promise<void> {
    this.listener.closeAllConnections();
    await new Promise((resolve) => this.listener.close(resolve));
    if (this.serversOrigin === this.origin) await this.server.dispose();
  }

  private hear(incoming: IncomingMessage, sent: Buffer, outgoing: ServerResponse): void {
    const path = incoming.url ?? '/';
    const asked: Asked = { method: incoming.method ?? 'GET', path, headers: incoming.headers, body: sent };
    this.asked.push(`${asked.method} ${path}`);
    this.requests.push(asked);
    const made = this.instead?.(asked);
    if (made !== undefined) {
      outgoing.writeHead(made.status, { 'content-type': made.type, 'content-length': made.body.length });
      outgoing.end(made.body);
      return;
    }
    // Plain bodies only, so that a lie need not be compressed again.
    const headers: IncomingHttpHeaders = { ...incoming.headers, 'accept-encoding': 'identity' };
    if (headers.origin !== undefined) headers.origin = this.serversOrigin;
    const { port } = this.upstream?.(asked) ?? this.server;
    const onward = request({ port, host: '127.0.0.1', path, method: asked.method, headers });
    onward.on('error', () => outgoing.destroy());
    onward.on('response', (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const body = Buffer.concat(parts);
        const told = this.lie?.({ path, body, asked }) ?? body;
        const { 'transfer-encoding': _, ...rest } = answer.headers;
        outgoing.writeHead(answer.statusCode ?? 502, { ...rest, 'content-length': told.length });
        outgoing.end(told);
      });
    });
    onward.end(sent);
  }
}

/** JSON in the place of an answer. */
export function json(value: unknown, status = 200): Told {
  const type = status === 200 ? 'application/json' : 'application/problem+json';
  return { status, type, body: Buffer.from(JSON.stringify(value)) };
}

const HEADER = { item: 45, tombstone: 33, manifest: 3 };

/** A record of a sync, whole. */
export interface Entry {
  kind: number;
  bytes: Buffer;
}

/** The records of a sync, whole, without its beginning and end. */
export function records(stream: Buffer): Entry[] {
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

/** A sync of these records. */
export function sync(all: { bytes: Buffer }[]): Buffer {
  const end = Buffer.alloc(5);
  end.writeUInt32BE(all.length, 1);
  return Buffer.concat([Buffer.from('KAC2'), ...all.map(({ bytes }) => bytes), end]);
}

/** An item's record with other bytes for its overview. */
export function withOverview(item: Entry, overview: Buffer): Entry {
  const head = Buffer.from(item.bytes.subarray(0, HEADER.item));
  head.writeUInt32BE(overview.length, 41);
  return { kind: item.kind, bytes: Buffer.concat([head, overview]) };
}

/** The sealed overview of an item's record. */
export const overviewOf = (item: Entry): Buffer => Buffer.from(item.bytes.subarray(HEADER.item));

/** The id of an item's record, in hexadecimal. */
export const idOf = (item: Entry): string => item.bytes.toString('hex', 1, 17);

/** Changes every sync. */
export const everySync =
  (change: (all: Entry[]) => { bytes: Buffer }[]): Lie =>
  ({ path, body }) =>
    path.includes('/changes') ? sync(change(records(body))) : undefined;

/** Changes each item of every sync, as a copy. */
export const everyItem = (change: (item: Entry) => Entry | Buffer): Lie =>
  everySync((all) =>
    all.map((entry) => {
      if (entry.kind !== 1) return entry;
      const changed = change({ kind: 1, bytes: Buffer.from(entry.bytes) });
      return Buffer.isBuffer(changed) ? { bytes: changed } : changed;
    }),
  );

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

/** What a log-in is answered with, as far as these lies go. */
export interface Account {
  id: string;
  email?: string;
  pins?: unknown;
  bundle: string;
  keyset: { version: number; wrapped_root_key: string; keyring: string };
  vaults: { id: string; wrapped_key: string; revision: number }[];
}

/** Changes the account that a log-in is answered with. */
export const everyLogIn = (change: (account: Account) => void): Lie =>
  everyJson((path, answer) => {
    if (path === '/auth/login' && answer.account !== undefined) change(answer.account as Account);
  });

/** Changes the sealed details that are fetched to be revealed. */
export const everyDetails = (change: (details: string) => string): Lie =>
  everyJson((path, answer) => {
    if (!path.endsWith('/details')) return;
    for (const one of answer.details as { details: string }[]) one.details = change(one.details);
  });

/** Other bytes in the place of sealed ones. */
export const altered = (sealed: string, change: (bytes: Buffer) => Buffer): string =>
  change(Buffer.from(sealed, 'base64url')).toString('base64url');
