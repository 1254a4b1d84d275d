// Makes WebAssembly modules smaller, many in one go: starting `wasm-opt` takes longer than most
// modules do. Arguments: the module of binaryen, features joined by commas, files.

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

if (isMainThread) {
  const [library, features, ...files] = process.argv.slice(2);
  // The largest first, so that all finish at about the same time.
  const size = new Map(files.map((file) => [file, statSync(file).size]));
  files.sort((a, b) => size.get(b) - size.get(a));
  const threads = Math.min(availableParallelism(), files.length);
  for (let thread = 0; thread < threads; thread += 1) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { library, features } });
    const next = () => worker.postMessage(files.shift() ?? null);
    worker.on('message', next);
    worker.on('error', (error) => {
      throw error;
    });
    next();
  }
} else {
  const { library, features } = workerData;
  // The linker names things of kinds that binaryen does not know, and does not need to.
  for (const print of ['warn', 'error']) {
    const say = console[print];
    console[print] = (...words) => {
      if (!String(words[0]).startsWith('warning: unknown name subsection')) say(...words);
    };
  }
  const { default: binaryen } = await import(pathToFileURL(library).href);
  // As `-Oz` does.
  binaryen.setOptimizeLevel(2);
  binaryen.setShrinkLevel(2);
  binaryen.setOptimizeStackIR(true);
  binaryen.setDebugInfo(false);
  const allowed = features.split(',').reduce((all, name) => {
    if (!(name in binaryen.Features)) throw new Error(`${name} is no feature of WebAssembly that binaryen knows`);
    return all | binaryen.Features[name];
  }, 0);
  parentPort.on('message', (file) => {
    if (file === null) process.exit();
    const module = binaryen.readBinary(readFileSync(file), allowed);
    module.optimize();
    if (!module.validate()) throw new Error(`${file} is not valid any more`);
    writeFileSync(file, module.emitBinary());
    module.dispose();
    parentPort.postMessage(file);
  });
}
