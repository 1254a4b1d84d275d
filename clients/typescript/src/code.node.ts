/// <reference types="node" />
import { readFile } from 'node:fs/promises';

/** The WebAssembly, from the package's own folder: the `fetch` of Node.js reads no files. */
export function code(): Promise<Uint8Array<ArrayBuffer>> {
  return readFile(new URL('../wasm/keyarc_js_bg.wasm', import.meta.url));
}
