// A proxy in front of the server that keeps every byte in both directions: what a curious
// operator, or somebody who has broken into the server, would see.

import { createServer, connect, type Server as TcpServer, type Socket } from 'node:net';

import { freePort } from './server.ts';

export class Wiretap {
  private readonly parts: { sent: Buffer[]; received: Buffer[] } = { sent: [], received: [] };
  private readonly open = new Set<Socket>();

  private constructor(
    readonly port: number,
    private readonly listener: TcpServer,
  ) {}

  /** Listens at `port` and passes everything on to the port that `target` gives. */
  static async start(port: number, target: () => number): Promise<Wiretap> {
    const listener = createServer();
    const tap = new Wiretap(port, listener);
    listener.on('connection', (client) => {
      const server = connect(target(), '127.0.0.1');
      for (const socket of [client, server]) {
        tap.open.add(socket);
        socket.on('close', () => tap.open.delete(socket));
        socket.on('error', () => socket.destroy());
      }
      client.on('data', (bytes) => tap.parts.sent.push(Buffer.from(bytes)));
      server.on('data', (bytes) => tap.parts.received.push(Buffer.from(bytes)));
      client.pipe(server);
      server.pipe(client);
    });
    await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve));
    return tap;
  }

  static port(): Promise<number> {
    return freePort();
  }

  /** What browsers sent. */
  get sent(): Buffer {
    return Buffer.concat(this.parts.sent);
  }

  /** What the server sent. */
  get received(): Buffer {
    return Buffer.concat(this.parts.received);
  }

  async stop(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise((resolve) => this.listener.close(resolve));
  }
}
