// The holder of a machine token as docs/protocol.md says, computed once more: what stands in a copy
// is what a machine reads, and a token of another key opens nothing of it.

import { createHash, createHmac, createPrivateKey, randomBytes, sign } from 'node:crypto';

import { expand, unseal } from './envelope.ts';

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

/** Opens the copy of a token, in one request. */
export async function openToken(origin: string, token: string): Promise<Opened> {
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
  const nonce = randomBytes(32);
  const now = Date.now();
  const statement = Buffer.concat([
    integer(origin.length, 4),
    text(origin),
    name,
    integer(now, 8),
    nonce,
    integer(0, 4),
  ]);
  const framed = Buffer.concat([text('keyarc/v1/sig/machine'), Buffer.from([0]), integer(statement.length, 8), statement]);
  const answer = await fetch(`${origin}/api/machine/open`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      token_id: id,
      origin,
      time_ms: now,
      client_nonce: nonce.toString('base64url'),
      signature: sign(null, framed, key).toString('base64url'),
    }),
  });
  const body = Buffer.from(await answer.arrayBuffer());
  if (!answer.ok) {
    const { code } = JSON.parse(body.toString()) as { code: string };
    return { status: answer.status, code, details: [], body };
  }
  const records = read(body);
  const grant = unseal(
    expand(master, text('keyarc/v1/machine/grant'), 32),
    { kind: 0x0106, fields: [name, text('machine-grant')] },
    records.grant,
  );
  const [account, copy, copyKey] = [grant.subarray(3, 19), grant.subarray(51, 67), grant.subarray(71, 103)];
  const details = records.details.map(({ item, version, envelope }) =>
    unseal(
      copyKey,
      { kind: 2, fields: [account, copy, item, text('details'), version, integer(1, 4), Buffer.from([0, 1])] },
      envelope,
    ),
  );
  return { status: answer.status, details, body };
}

interface Details {
  item: Buffer;
  version: Buffer;
  envelope: Buffer;
}

/** The stream of a copy: `crates/wire/src/changes.rs`. */
function read(stream: Buffer): { grant: Buffer; details: Details[] } {
  let at = 4;
  let grant: Buffer = Buffer.alloc(0);
  const details: Details[] = [];
  const take = (length: number) => stream.subarray(at, (at += length));
  for (;;) {
    const kind = take(1)[0];
    if (kind === 1) {
      take(40);
      take(take(4).readUInt32BE());
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
    } else {
      return { grant, details };
    }
  }
}
