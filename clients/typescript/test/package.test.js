import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The WebAssembly may have so many bytes. A dependency that brings a lot along is noticed here. */
const LARGEST = 650_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const place = mkdtempSync(join(tmpdir(), 'keyarc-client-'));
const installed = join(place, 'node_modules/@keyarc/client');
let packed;

/** Packs the package and puts it where a program that installed it would have it. */
before(() => {
  const pack = ['pack', '--json', '--foreground-scripts=false', '--pack-destination', place];
  [packed] = JSON.parse(execFileSync('npm', pack, { cwd: root, encoding: 'utf8' }));
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(place, packed.filename), '-C', installed, '--strip-components=1']);
});

after(() => rmSync(place, { recursive: true }));

/** What a module prints that stands beside what was installed. */
function prints(source) {
  writeFileSync(join(place, 'program.mjs'), source);
  return execFileSync(process.execPath, ['program.mjs'], { cwd: place, encoding: 'utf8' }).trim();
}

test('the package has what it needs and nothing else', () => {
  const files = packed.files.map(({ path }) => path).sort();
  const compiled = ['code', 'code.node', 'generated/api', 'index', 'machine'];
  const expected = [
    'LICENSE-APACHE',
    'LICENSE-MIT',
    'README.md',
    ...compiled.flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]),
    'examples/read-secret.mjs',
    'package.json',
    'wasm/keyarc_js.d.ts',
    'wasm/keyarc_js.js',
    'wasm/keyarc_js_bg.wasm',
    'wasm/keyarc_js_bg.wasm.d.ts',
  ];
  assert.deepEqual(files, expected.sort());
});

test('the WebAssembly is small and names no folder of the machine that built it', () => {
  const file = join(installed, 'wasm/keyarc_js_bg.wasm');
  assert.ok(statSync(file).size <= LARGEST, `${statSync(file).size} bytes`);
  const text = readFileSync(file, 'latin1');
  for (const folder of [join(homedir(), '/'), fileURLToPath(new URL('../../../crates', import.meta.url))]) {
    assert.ok(!text.includes(folder), folder);
  }
});

const NO_TOKEN = `openMachine({ origin: 'https://keyarc.test', token: 'kat1_x' })`;

test('what was installed finds its WebAssembly and opens none of what is no token', () => {
  const said = prints(`
    import { openMachine } from '@keyarc/client/machine';
    await ${NO_TOKEN}.catch((error) => console.log(error.name, error.code));
  `);
  assert.equal(said, 'KeyArcError invalid_token');
});

test('WebAssembly of one\'s own is taken, and asked for again when it is none', () => {
  const said = prints(`
    import { readFile } from 'node:fs/promises';
    import { openMachine } from '@keyarc/client/machine';
    const given = (wasm) => openMachine({ origin: 'https://keyarc.test', token: 'kat1_x', wasm });
    await given(new Uint8Array([1, 2, 3])).catch((error) => console.log(error.name));
    const wasm = await readFile(new URL(import.meta.resolve('@keyarc/client/wasm')));
    await given(await WebAssembly.compile(wasm)).catch((error) => console.log(error.code));
  `);
  assert.deepEqual(said.split('\n'), ['CompileError', 'invalid_token']);
});

test('loading the package loads no WebAssembly', () => {
  const said = prints(`
    WebAssembly.instantiate = () => { throw new Error('loaded'); };
    const { openMachine } = await import('@keyarc/client/machine');
    console.log(typeof openMachine);
  `);
  assert.equal(said, 'function');
});

test('its types are whole', () => {
  writeFileSync(join(place, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(place, 'program.ts'),
    `import { KeyArcError, openMachine, type Item, type KeyArcErrorCode, type Machine, type Row } from '@keyarc/client/machine';
    using machine: Machine = await openMachine({ origin: 'https://keyarc.test', token: 'kat1_x' });
    const value: string = await machine.read('keyarc://personal/a/value', { environment: 'test' });
    const [row]: Row[] = machine.list();
    const item: Item = await machine.item(row!);
    const code: KeyArcErrorCode = new KeyArcError('not_found', value).code;
    // @ts-expect-error A code that there is not.
    const none: KeyArcErrorCode = 'nothing';
    export { code, item, none };
    `,
  );
  const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  const common = { noEmit: true, strict: true, target: 'es2022', lib: ['es2022', 'dom'], types: [] };
  for (const resolution of [{ module: 'nodenext' }, { module: 'esnext', moduleResolution: 'bundler' }]) {
    const project = { compilerOptions: { ...common, ...resolution }, files: ['program.ts'] };
    writeFileSync(join(place, 'tsconfig.json'), JSON.stringify(project));
    execFileSync(process.execPath, [tsc], { cwd: place, stdio: 'inherit' });
  }
});
