/** Where a browser gets the WebAssembly. Bundlers know this form and bring the file along. */
export function code(): URL {
  return new URL('../wasm/keyarc_js_bg.wasm', import.meta.url);
}
