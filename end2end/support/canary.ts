// Words that must never leave the browser, and every shape in which they might.

import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** A word that occurs nowhere by chance, safe in any field. */
export function canary(purpose: string): string {
  return `canary-${purpose}-${randomBytes(9).toString('hex')}`;
}

/** The word as it is, encoded, and hashed without a salt. */
export function shapes(word: string): Map<string, Buffer> {
  const bytes = Buffer.from(word, 'utf8');
  const found = new Map<string, Buffer>();
  const add = (name: string, value: Buffer | string) => found.set(name, Buffer.from(value as string));
  add('plain', bytes);
  add('upper case', word.toUpperCase());
  add('reversed', Buffer.from(bytes).reverse());
  add('UTF-16', Buffer.from(word, 'utf16le'));
  add('hex', bytes.toString('hex'));
  add('HEX', bytes.toString('hex').toUpperCase());
  add('percent', [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  // Base64 depends on where in a group of three the word begins.
  for (const shift of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    const inner = encoded.slice(shift === 0 ? 0 : shift + 1, Math.floor(((bytes.length + shift) * 4) / 3) - 1);
    add(`base64 at ${shift}`, inner);
    add(`base64url at ${shift}`, inner.replaceAll('+', '-').replaceAll('/', '_'));
  }
  for (const algorithm of ['sha256', 'sha1', 'md5']) {
    const digest = createHash(algorithm).update(bytes).digest();
    add(algorithm, digest);
    add(`${algorithm} hex`, digest.toString('hex'));
    add(`${algorithm} base64`, digest.toString('base64').replace(/=+$/, ''));
    add(`${algorithm} base64url`, digest.toString('base64url'));
  }
  return found;
}

/** Which shapes of which words stand in the bytes. */
export function sightings(place: string, bytes: Buffer | string, words: string[]): string[] {
  const haystack = Buffer.from(bytes as string);
  const found: string[] = [];
  for (const word of words) {
    for (const [shape, needle] of shapes(word)) {
      if (haystack.includes(needle)) found.push(`${place}: ${word} (${shape})`);
    }
  }
  return found;
}

/** Every file below a folder. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}

/** Sightings in every file below a folder. */
export function sightingsBelow(folder: string, words: string[]): string[] {
  return filesBelow(folder).flatMap((file) => sightings(path.relative(folder, file), readFileSync(file), words));
}
