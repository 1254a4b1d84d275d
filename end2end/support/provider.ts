// A provider of keys on this computer, which answers as it is told and remembers who asked.

import { createServer, type IncomingHttpHeaders, type Server as HttpServer, type ServerResponse } from 'node:http';

import { freePort } from './server.ts';

/** A request that reached it, questions of browsers (CORS) among them. */
export interface Heard {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Lets pages of any origin ask, and see the answer. */
const OPEN = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*, authorization' };

/** How it answers at each path. */
const ANSWERS: Record<string, (answer: ServerResponse) => void> = {
  '/valid': (answer) => answer.writeHead(200, OPEN).end('{"ok":true}'),
  '/invalid': (answer) => answer.writeHead(401, OPEN).end('{"error":"no such key"}'),
  '/expired': (answer) => answer.writeHead(401, OPEN).end('{"error":"the token Expired yesterday"}'),
  '/limited': (answer) => answer.writeHead(429, OPEN).end(),
  '/closed': (answer) => answer.writeHead(200).end('{"ok":true}'),
  '/redirect': (answer) => answer.writeHead(302, { ...OPEN, location: '/gone' }).end(),
  '/slow': () => undefined,
  // Markup, headers and an endless body, as somebody would send who wants to reach the page.
  '/hostile': (answer) => {
    answer.writeHead(200, {
      ...OPEN,
      'content-type': 'text/html',
      'content-security-policy': "default-src * 'unsafe-inline'",
      refresh: '0; url=/gone',
      'set-cookie': 'from=provider',
    });
    const markup = '<script>top.location = "/gone"; parent.postMessage([1, 200, 1], "*")</script>'.repeat(500);
    const more = () => {
      while (!answer.destroyed && answer.write(markup)) continue;
      answer.once('drain', more);
    };
    more();
  },
};

export class Provider {
  /** In their order. */
  readonly heard: Heard[] = [];

  private constructor(
    readonly port: number,
    private readonly listener: HttpServer,
  ) {}

  static async start(): Promise<Provider> {
    const listener = createServer();
    const provider = new Provider(await freePort(), listener);
    listener.on('request', (request, answer) => {
      const { method = '', url = '', headers } = request;
      const heard: Heard = { method, path: url, headers, body: '' };
      provider.heard.push(heard);
      answer.on('error', () => answer.destroy());
      request.on('data', (part: Buffer) => (heard.body += part.toString()));
      const path = url.split('?')[0]!;
      if (method === 'OPTIONS') answer.writeHead(204, path === '/closed' ? {} : OPEN).end();
      else if (ANSWERS[path] !== undefined) ANSWERS[path](answer);
      else answer.writeHead(404, OPEN).end();
    });
    await new Promise<void>((resolve) => listener.listen(provider.port, '127.0.0.1', resolve));
    return provider;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  url(path: string): string {
    return `http://${this.host}${path}`;
  }

  /** The requests at a path that carried something, without browsers' questions. */
  asked(path: string): Heard[] {
    return this.heard.filter((heard) => heard.method !== 'OPTIONS' && heard.path.split('?')[0] === path);
  }

  async stop(): Promise<void> {
    this.listener.closeAllConnections();
    await new Promise((resolve) => this.listener.close(resolve));
  }
}
