// The real server, one process per instance, in a folder of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../..');
const binary =
  process.env['KEYARC_SERVER'] ?? path.join(repository, 'target/server-release/keyarc-server');
const site = process.env['KEYARC_SITE'] ?? path.join(repository, 'target/site');

/** Many accounts come from one address here. The limits themselves have a story of their own. */
const RELAXED = {
  RATE_LIMIT_PER_MINUTE: '1000000',
  RATE_LIMIT_LOGIN_PER_MINUTE: '1000000',
  RATE_LIMIT_SIGN_UP_PER_MINUTE: '1000000',
  RATE_LIMIT_ACCOUNT_PER_MINUTE: '1000000',
};

export interface ServerOptions {
  /** Variables beside those that the test needs; they win. */
  env?: Record<string, string>;
  /** Keep the product's own rate limits. */
  productLimits?: boolean;
  /** A Postgres URL instead of the embedded SQLite. */
  database?: string;
}

export class Server {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'keyarc-e2e-'));
  readonly dataDir = path.join(this.folder, 'data');
  private process: ChildProcess | undefined;
  private output = '';

  private constructor(
    readonly port: number,
    private readonly options: ServerOptions,
  ) {}

  static async start(options: ServerOptions = {}): Promise<Server> {
    if (!existsSync(binary)) {
      throw new Error(`there is no server at ${binary}: run \`cargo x build\` first`);
    }
    const server = new Server(await freePort(), options);
    await server.run();
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** All that the server has written to its log. */
  get log(): string {
    return this.output;
  }

  /** Starts it again at the same address over the same data. */
  async run(): Promise<void> {
    const child = spawn(binary, [], {
      cwd: this.folder,
      env: {
        PATH: process.env['PATH'],
        BIND: `127.0.0.1:${this.port}`,
        DATA_DIR: this.dataDir,
        DATABASE_URL: this.options.database ?? `sqlite://${path.join(this.dataDir, 'keyarc.db')}`,
        LOG_LEVEL: 'debug',
        SITE_ROOT: site,
        ...(this.options.productLimits === true ? {} : RELAXED),
        ...this.options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    const remember = (chunk: Buffer) => (this.output += chunk.toString('utf8'));
    child.stdout.on('data', remember);
    child.stderr.on('data', remember);
    for (let tries = 0; tries < 200; tries += 1) {
      if (child.exitCode !== null) break;
      const answer = await fetch(`http://127.0.0.1:${this.port}/health/ready`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the server did not become ready:\n${this.output}`);
  }

  get pid(): number {
    const pid = this.process?.pid;
    if (pid === undefined) throw new Error('the server does not run');
    return pid;
  }

  /** Stops it: politely, or as a crash does. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** Stops it and removes its folder. */
  async dispose(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.folder, { force: true, recursive: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A file of the repository, by its path in it. */
export function repositoryFile(name: string): string {
  return readFileSync(repositoryPath(name), 'utf8');
}

/** Where a file of the repository is. */
export function repositoryPath(name: string): string {
  return path.join(repository, name);
}
