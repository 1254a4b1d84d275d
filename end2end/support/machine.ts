// The holder of a machine token as docs/protocol.md says, computed once more: what stands in a copy
// is what a machine reads, a token of another key opens nothing of it, and what is handed in is what
// comes into the vault.

import { createHash, createHmac, createPrivateKey, randomBytes, sign } from 'node:crypto';

import { expand, seal, unseal } from './envelope.ts';

const text = (value: string) => Buffer.from(value, 'ascii');

function integer(value: number, bytes: 4 | 8): Buffer {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 4) buffer.writeUInt32BE(value);
  else buffer.writeBigUInt64BE(BigInt(value));
  return buffer;
}

function fromBase32(digits: string, length: number): Buffer {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  let value = 0n;
  for (const digit of digits) value = value * 32n + BigInt(alphabet.indexOf(digit));
  value >>= BigInt(digits.length * 5 - length * 8);
  return Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');
}

/** What came of asking. */
export interface Opened {
  status: number;
  /** Of a refusal. */
  code?: string;
  /** The plaintext of each item's details: CBOR, in which texts stand as they are. */
  details: Buffer[];
  /** All that the server sent. */
  body: Buffer;
}

/** What a token gives to whoever has it. */
function holder(token: string) {
  const [, id, secret] = /^kat1_([0-9a-f]{32})_([0-9a-z]{52})_[0-9a-z]{5}$/.exec(token) ?? [];
  if (id === undefined || secret === undefined) throw new Error('this is no machine token');
  const name = Buffer.from(id, 'hex');
  const salt = createHash('sha256').update(text('keyarc/v1/machine-token/salt')).update(name).digest();
  const master = createHmac('sha256', salt).update(fromBase32(secret, 32)).digest();
  const seed = expand(master, text('keyarc/v1/machine/auth'), 32);
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });
  return { id, name, master, key };
}

/** What every request of a token has, signed over what comes last. */
function signed(origin: string, token: string, purpose: string, last: Buffer) {
  const { id, name, key } = holder(token);
  const nonce = randomBytes(32);
  const now = Date.now();
  const statement = Buffer.concat([integer(origin.length, 4), text(origin), name, integer(now, 8), nonce, last]);
  const framed = Buffer.concat([
    text(`keyarc/v1/sig/${purpose}`),
    Buffer.from([0]),
    integer(statement.length, 8),
    statement,
  ]);
  return {
    token_id: id,
    origin,
    time_ms: now,
    client_nonce: nonce.toString('base64url'),
    signature: sign(null, framed, key).toString('base64url'),
  };
}

async function post(origin: string, path: string, body: unknown): Promise<{ status: number; code?: string; body: Buffer }> {
  const answer = await fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (answer.ok) return { status: answer.status, body: bytes };
  const { code } = JSON.parse(bytes.toString()) as { code: string };
  return { status: answer.status, code, body: bytes };
}

/** The key of a token's copy, and whose it is. */
function granted(token: string, grant: Buffer) {
  const { name, master } = holder(token);
  const opened = unseal(
    expand(master, text('keyarc/v1/machine/grant'), 32),
    { kind: 0x0106, fields: [name, text('machine-grant')] },
    grant,
  );
  return { account: opened.subarray(3, 19), copy: opened.subarray(51, 67), key: opened.subarray(71, 103) };
}

/** Opens the copy of a token, in one request. */
export async function openToken(origin: string, token: string): Promise<Opened> {
  const answer = await post(origin, '/api/machine/open', signed(origin, token, 'machine', integer(0, 4)));
  if (answer.code !== undefined) return { ...answer, details: [] };
  const records = read(answer.body);
  const { account, copy, key } = granted(token, records.grant);
  const details = records.details.map(({ item, version, envelope }) =>
    unseal(
      key,
      { kind: 2, fields: [account, copy, item, text('details'), version, integer(1, 4), Buffer.from([0, 1])] },
      envelope,
    ),
  );
  return { ...answer, details };
}

/** An API key as a token hands it in. */
export interface NewKey {
  name: string;
  folder: string;
  secret: string;
}

/** Hands an API key in: a new one, or in the place of the one of this name that the token reads. */
export async function handIn(
  origin: string,
  token: string,
  key: NewKey,
  replaces?: string,
): Promise<{ status: number; code?: string }> {
  const opened = await post(origin, '/api/machine/open', signed(origin, token, 'machine', integer(0, 4)));
  const { grant, overviews } = read(opened.body);
  const { account, copy, key: copyKey } = granted(token, grant);
  let item: Buffer = randomBytes(16);
  let base = 0;
  for (const { item: id, version, envelope } of overviews) {
    const place = { kind: 1, fields: [account, copy, id, text('overview'), version, integer(1, 4), Buffer.from([0, 1])] };
    const overview = unseal(copyKey, place, envelope);
    if (replaces === undefined || !overview.includes(Buffer.from(replaces))) continue;
    item = id;
    // The version that this is a copy of stands last; a small number is one byte in CBOR.
    base = overview.at(-1)!;
  }
  const change = randomBytes(16);
  const { name } = holder(token);
  const plain = cbor([Date.now(), [key.name, key.folder, [], null, null, null, [[0, [key.secret]], '']]]);
  const place = { kind: 0x0109, fields: [name, text('machine-change'), change, item, integer(base, 8)] };
  const sealed = seal(copyKey, place, plain);
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
  const all = Buffer.concat([integer(1, 4), change, item, integer(base, 8), Buffer.alloc(16), sha256(sealed)]);
  const { status, code } = await post(origin, '/api/machine/changes', {
    ...signed(origin, token, 'machine-change', sha256(all)),
    changes: [
      {
        change_id: change.toString('hex'),
        item_id: item.toString('hex'),
        base_version: base,
        change: sealed.toString('base64url'),
      },
    ],
  });
  return code === undefined ? { status } : { status, code };
}

type Cbor = number | string | null | Cbor[];

/** RFC 8949, as much of it as a change needs. */
function cbor(value: Cbor): Buffer {
  const head = (major: number, count: number): Buffer => {
    if (count < 24) return Buffer.from([(major << 5) | count]);
    if (count < 256) return Buffer.from([(major << 5) | 24, count]);
    if (count < 65_536) return Buffer.from([(major << 5) | 25, count >> 8, count & 255]);
    if (count < 2 ** 32) return Buffer.concat([Buffer.from([(major << 5) | 26]), integer(count, 4)]);
    return Buffer.concat([Buffer.from([(major << 5) | 27]), integer(count, 8)]);
  };
  if (value === null) return Buffer.from([0xf6]);
  if (typeof value === 'number') return head(0, value);
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    return Buffer.concat([head(3, bytes.length), bytes]);
  }
  return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
}

interface Details {
  item: Buffer;
  version: Buffer;
  envelope: Buffer;
}

/** The stream of a copy: `crates/wire/src/changes.rs`. */
function read(stream: Buffer): { grant: Buffer; overviews: Details[]; details: Details[] } {
  let at = 4;
  let grant: Buffer = Buffer.alloc(0);
  const overviews: Details[] = [];
  const details: Details[] = [];
  const take = (length: number) => stream.subarray(at, (at += length));
  for (;;) {
    const kind = take(1)[0];
    if (kind === 1) {
      const item = take(16);
      const version = take(8);
      take(16);
      overviews.push({ item, version, envelope: take(take(4).readUInt32BE()) });
    } else if (kind === 2) {
      take(32);
    } else if (kind === 3) {
      take(take(2).readUInt16BE());
    } else if (kind === 4) {
      const item = take(16);
      take(8);
      const version = take(8);
      details.push({ item, version, envelope: take(take(4).readUInt32BE()) });
    } else if (kind === 5) {
      grant = take(take(2).readUInt16BE());
    } else if (kind === 6) {
      take(40);
      take(take(4).readUInt32BE());
    } else {
      return { grant, overviews, details };
    }
  }
}
