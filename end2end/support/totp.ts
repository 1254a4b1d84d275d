// An authenticator app: RFC 6238 with SHA-1, 6 digits and 30 seconds.

import { createHmac } from 'node:crypto';

const STEP_MS = 30_000;

function bytesOf(base32: string): Buffer {
  const digits = [...base32.replaceAll(/\s/g, '')].map((char) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(char));
  const bits = digits.map((digit) => digit.toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
}

/** The code of a time step. */
function codeOf(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const tag = createHmac('sha1', secret).update(counter).digest();
  const at = (tag.at(-1) ?? 0) & 15;
  return String((tag.readUInt32BE(at) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

export class TotpApp {
  private readonly secret: Buffer;
  private lastStep = 0;

  constructor(base32: string) {
    this.secret = bytesOf(base32);
  }

  /**
   * A code that was not used before. The server takes the one of the next step as well, so that
   * two can be had at a time; for a third it waits.
   */
  async code(): Promise<string> {
    const step = Math.max(this.lastStep + 1, Math.floor(Date.now() / STEP_MS));
    const early = (step - 1) * STEP_MS + 500 - Date.now();
    if (early > 0) await new Promise((done) => setTimeout(done, early));
    this.lastStep = step;
    return codeOf(this.secret, step);
  }

  /** The last code once more. */
  used(): string {
    return codeOf(this.secret, this.lastStep);
  }
}
