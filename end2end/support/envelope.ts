// Keys and envelopes as docs/protocol.md says, computed once more: a lying server that knows all
// that it could ever learn makes lies as good as these.

import { createCipheriv, createDecipheriv, createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const hmac = (key: Buffer, ...parts: Buffer[]) => createHmac('sha256', key).update(Buffer.concat(parts)).digest();
const text = (value: string) => Buffer.from(value, 'ascii');

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** HKDF-Expand of RFC 5869. */
export function expand(key: Buffer, info: Buffer, length: number): Buffer {
  let last = Buffer.alloc(0);
  const all: Buffer[] = [];
  for (let block = 1; all.length * 32 < length; block += 1) {
    last = hmac(key, last, info, Buffer.from([block]));
    all.push(last);
  }
  return Buffer.concat(all).subarray(0, length);
}

/** What stands in a setup code. */
export function readSetupCode(code: string): { suite: number; handle: Buffer; secret: Buffer } {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let value = 0n;
  for (const digit of code.replaceAll('-', '').slice('KA1'.length)) {
    value = value * 32n + BigInt(digits.indexOf(digit));
  }
  const bytes = Buffer.from(value.toString(16).padStart(50, '0'), 'hex');
  return { suite: bytes[0]!, handle: bytes.subarray(1, 7), secret: bytes.subarray(7, 23) };
}

/** The salt of the key derivation, which follows from the setup code. */
export function passwordSalt(code: string): Buffer {
  const { suite, handle } = readSetupCode(code);
  return sha256(text('keyarc/v1/pw-salt'), Buffer.from([suite]), handle);
}

/** `Kwrap` of suite 1, which opens the wrapped root key. */
export async function wrapKey(code: string, password: string): Promise<Buffer> {
  const derived = await promisify(pbkdf2)(password.normalize('NFKD'), passwordSalt(code), 1_000_000, 32, 'sha256');
  return expand(hmac(readSetupCode(code).secret, derived), text('keyarc/v1/unlock/wrap'), 32);
}

/** Where an envelope belongs. */
export interface Place {
  kind: number;
  fields: Buffer[];
}

/** The place of a wrapped root key. */
export function rootKeyPlace(account: string, version: number): Place {
  const id = Buffer.from(account, 'hex');
  return { kind: 0x0101, fields: [id, text('root-key'), id, id, u32(version)] };
}

/** What key, place and salt make: what stands before the ciphertext, and what AES-GCM takes. */
function parts(key: Buffer, place: Place, salt: Buffer) {
  const header = Buffer.concat([
    Buffer.from([0x4b, 0x41, 1, 1, place.kind >> 8, place.kind & 255]),
    expand(key, text('KAE1/key-id'), 16),
  ]);
  const fields = [text('keyarc/aad/v1'), header, ...place.fields];
  const aad = Buffer.concat(fields.flatMap((field) => [u32(field.length), field]));
  const bound = Buffer.concat([salt, sha256(aad)]);
  const derived = expand(key, Buffer.concat([text('KAE1/key'), bound]), 44);
  const commit = expand(key, Buffer.concat([text('KAE1/commit'), bound]), 32);
  const head = Buffer.concat([header, salt, commit]);
  return { head, aad, key: derived.subarray(0, 32), iv: derived.subarray(32) };
}

/** A new envelope of something small: at most 252 bytes. */
export function seal(key: Buffer, place: Place, plaintext: Buffer): Buffer {
  const made = parts(key, place, randomBytes(24));
  const cipher = createCipheriv('aes-256-gcm', made.key, made.iv).setAAD(made.aad);
  const padded = Buffer.concat([u32(plaintext.length), plaintext, Buffer.alloc(252 - plaintext.length)]);
  return Buffer.concat([made.head, cipher.update(padded), cipher.final(), cipher.getAuthTag()]);
}

/** The plaintext of an envelope that was made with this key for this place. */
export function unseal(key: Buffer, place: Place, envelope: Buffer): Buffer {
  const made = parts(key, place, envelope.subarray(22, 46));
  const opened = createDecipheriv('aes-256-gcm', made.key, made.iv).setAAD(made.aad).setAuthTag(envelope.subarray(-16));
  const padded = Buffer.concat([opened.update(envelope.subarray(78, -16)), opened.final()]);
  return padded.subarray(4, 4 + padded.readUInt32BE());
}

/** One ciphertext behind the header, salt and commitment that each of some keys calls for. */
export interface Salamander {
  /** One for each key, in their order. */
  envelopes: Buffer[];
  /** Does AES-GCM, which commits to no key, open the ciphertext under this key? */
  opensUnder(key: Buffer): boolean;
}

/**
 * A ciphertext that plain AES-GCM opens under every one of at most 16 keys: the tag is linear in
 * the blocks of the ciphertext, so as many blocks and the tag are the solution of as many equations
 * (Len, Grubbs, Ristenpart, "Partitioning Oracle Attacks", USENIX Security 2021, key multi-collisions).
 */
export function salamander(keys: Buffer[], place: Place): Salamander {
  const salt = randomBytes(24);
  const blocks = 16;
  const ciphertext = randomBytes(blocks * 16);
  const free = keys.length - 1;
  // The equation of one key: the free blocks, each times a power of H, and the tag, make a sum.
  const equations = keys.map((key) => {
    const made = parts(key, place, salt);
    const block = createCipheriv('aes-256-ecb', made.key, null).setAutoPadding(false);
    const hash = element(block.update(Buffer.alloc(16)));
    const mask = element(block.update(Buffer.concat([made.iv, u32(1)])));
    const filled = Buffer.concat([made.aad, Buffer.alloc((16 - (made.aad.length % 16)) % 16)]);
    const lengths = Buffer.alloc(16);
    lengths.writeBigUInt64BE(BigInt(made.aad.length) * 8n, 0);
    lengths.writeBigUInt64BE(BigInt(ciphertext.length) * 8n, 8);
    const fixed = Buffer.concat([filled, Buffer.alloc(free * 16), ciphertext.subarray(free * 16), lengths]);
    let known = 0n;
    for (let at = 0; at < fixed.length; at += 16) known = times(known ^ element(fixed.subarray(at, at + 16)), hash);
    // A block is multiplied once for itself and once for each that follows, the lengths included.
    const factors = Array.from({ length: free }, (_, at) => power(hash, blocks - at + 1));
    return [...factors, ONE, known ^ mask];
  });
  const solved = solve(equations).map(bytesOf);
  for (const [at, block] of solved.slice(0, free).entries()) block.copy(ciphertext, at * 16);
  const tag = solved[free]!;
  return {
    envelopes: keys.map((key) => Buffer.concat([parts(key, place, salt).head, ciphertext, tag])),
    opensUnder(key) {
      const made = parts(key, place, salt);
      const opened = createDecipheriv('aes-256-gcm', made.key, made.iv).setAAD(made.aad).setAuthTag(tag);
      opened.update(ciphertext);
      try {
        return opened.final().length === 0;
      } catch {
        return false;
      }
    },
  };
}

// The field of GHASH (NIST SP 800-38D): the first bit is the coefficient of 1.
const ONE = 1n << 127n;
const element = (block: Buffer): bigint => BigInt(`0x${block.toString('hex')}`);
const bytesOf = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(32, '0'), 'hex');

function times(a: bigint, b: bigint): bigint {
  let product = 0n;
  let shifted = b;
  for (let bit = 127n; bit >= 0n; bit -= 1n) {
    if ((a >> bit) & 1n) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ (0xe1n << 120n) : shifted >> 1n;
  }
  return product;
}

function power(base: bigint, exponent: number): bigint {
  let result = ONE;
  for (let count = 0; count < exponent; count += 1) result = times(result, base);
  return result;
}

/** 1/a is a to the power of 2^128 - 2. */
function inverse(a: bigint): bigint {
  let result = ONE;
  let square = a;
  for (let bit = 1; bit < 128; bit += 1) {
    square = times(square, square);
    result = times(result, square);
  }
  return result;
}

/** The unknowns of as many equations, whose last column is the sum. */
function solve(rows: bigint[][]): bigint[] {
  for (let at = 0; at < rows.length; at += 1) {
    const pivot = rows.findIndex((row, index) => index >= at && row[at] !== 0n);
    [rows[at], rows[pivot]] = [rows[pivot]!, rows[at]!];
    const scale = inverse(rows[at]![at]!);
    const own = rows[at]!.map((value) => times(value, scale));
    rows[at] = own;
    rows = rows.map((row, index) =>
      index === at ? row : row.map((value, column) => value ^ times(row[at]!, own[column]!)),
    );
  }
  return rows.map((row) => row.at(-1)!);
}
