// What a language's file has for the English texts of the code.

import { readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.join(import.meta.dirname, '..', '..', 'public', 'languages');

/** A string of a PO file, without its quotes. */
const unquoted = (quoted: string): string => JSON.parse(quoted) as string;

/** The translations of all texts that do not depend on a count, by the English text. */
export function catalogue(tag: string): Map<string, string> {
  const file = readFileSync(path.join(FOLDER, `${tag}.po`), 'utf8');
  const found = new Map<string, string>();
  for (const entry of file.split('\n\n')) {
    const id = /^msgid (".*")$/m.exec(entry)?.[1];
    const text = /^msgstr (".*")$/m.exec(entry)?.[1];
    if (id === undefined || text === undefined || id === '""') continue;
    found.set(unquoted(id).trim(), unquoted(text).trim());
  }
  return found;
}
