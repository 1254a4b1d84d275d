/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Reading secrets with a machine token. What the server sends is sealed; it is checked and opened
 * here, in WebAssembly that is compiled of the same code as `keyarc` for the shell and the browser's
 * vault.
 */
import { code } from '#code';

import init, { open, type Failure, type FailureCode, type Item, type OpenedCopy, type Row } from '../wasm/keyarc_js.js';

export type { Item, Machine, Row };

/** What a `KeyArcError` is about. New ones may come. */
export type KeyArcErrorCode = FailureCode | 'closed';

/** Why something was not read. Neither a secret nor the token is in it. */
export class KeyArcError extends Error {
  override readonly name = 'KeyArcError';
  readonly code: KeyArcErrorCode;
  /** With `not_found`: what is called nearly so. */
  readonly nearest: readonly string[];
  /** With `ambiguous`: where the items of that name stand. */
  readonly candidates: readonly string[];
  /** With `rate_limited`: how long to wait. */
  readonly retryAfterSeconds: number | undefined;
  /** With `clock_skew`: by how much this machine's clock is ahead; negative when it is behind. */
  readonly aheadMs: number | undefined;

  constructor(code: KeyArcErrorCode, message: string, more: Partial<Failure> = {}) {
    super(message);
    this.code = code;
    this.nearest = more.nearest ?? [];
    this.candidates = more.candidates ?? [];
    this.retryAfterSeconds = more.retryAfterSeconds;
    this.aheadMs = more.aheadMs;
  }
}

export interface MachineOptions {
  /** Where the server is, for example `https://keyarc.example`. */
  origin: string;
  /** The machine token, `kat1_…`. */
  token: string;
  /**
   * The WebAssembly, where it is not found by itself: the file `@keyarc/client/wasm`, as bytes, as a
   * compiled module, or where it is. The first one that is given stays in use.
   */
  wasm?: BufferSource | WebAssembly.Module | Response | URL | string | undefined;
}

export interface ReadOptions {
  /**
   * Items of this environment, or of none in particular where there is none of this one, for all that
   * name none themselves.
   */
  environment?: string | undefined;
}

/** What a machine token opens, as it was when it was opened. Nothing can be written with it. */
class Machine {
  #copy: OpenedCopy | undefined;

  private constructor(copy: OpenedCopy) {
    this.#copy = copy;
  }

  /** See {@link openMachine}. */
  static async open({ origin, token, wasm }: MachineOptions): Promise<Machine> {
    await start(wasm);
    // Variables that are not set are no texts, whatever their types say.
    return new Machine(await told(open(`${origin}`, `${token}`)));
  }

  /** The token's id, which is no secret. */
  get id(): string {
    return this.#opened().id;
  }

  /** When the token ends, in Unix milliseconds; nothing for never. */
  get expiresAtMs(): number | undefined {
    return this.#opened().expiresAtMs;
  }

  /** All items, by folder and name. No secret is among it, and nothing is fetched. */
  list(): Row[] {
    return this.#opened().list();
  }

  /** The value of a reference: `keyarc://personal/Payments/Stripe/value`. */
  async read(reference: string, options?: ReadOptions): Promise<string> {
    const [value] = await this.readMany([reference], options);
    return value as string;
  }

  /** The values of references, in their order. None is given when one of them is not there. */
  async readMany(references: readonly string[], { environment }: ReadOptions = {}): Promise<string[]> {
    return told(this.#opened().read(references.map(String), environment));
  }

  /**
   * An item with all its values. It is named as `keyarc get` names it: as `folder/name`, by its name
   * alone, or by a reference to one of its values. One of the list will do, too.
   */
  async item(item: string | Pick<Row, 'id'>, { environment }: ReadOptions = {}): Promise<Item> {
    const copy = this.#opened();
    return told(typeof item === 'string' ? copy.item(item, environment) : copy.itemOf(item.id));
  }

  /** Wipes the keys. What is being read still comes; after that there is nothing to read. */
  close(): void {
    this.#copy?.free();
    this.#copy = undefined;
  }

  /** As {@link close}: for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #opened(): OpenedCopy {
    if (this.#copy === undefined) throw new KeyArcError('closed', 'what the token opened is closed');
    return this.#copy;
  }
}

/**
 * Fetches and opens what a machine token is good for, by one request. Whatever is altered, left out,
 * or older than the token is refused as `tampered`, and nothing of it is given.
 */
export function openMachine(options: MachineOptions): Promise<Machine> {
  return Machine.open(options);
}

let started: Promise<unknown> | undefined;

/** Loads the WebAssembly, once. What cannot be loaded is tried again the next time. */
async function start(wasm: MachineOptions['wasm']): Promise<void> {
  started ??= Promise.resolve(wasm ?? code())
    .then((module_or_path) => init({ module_or_path }))
    .catch((error: unknown) => {
      started = undefined;
      throw error;
    });
  await started;
}

/** Makes an error of what the WebAssembly throws. */
async function told<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (thrown) {
    if (!isFailure(thrown)) throw thrown;
    throw new KeyArcError(thrown.code, thrown.message, thrown);
  }
}

function isFailure(thrown: unknown): thrown is Failure {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && !(thrown instanceof Error);
}
