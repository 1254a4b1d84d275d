// What the command-line client of Bitwarden needs of a server before it can answer from what it has on
// its own machine: one account with a password, and so many logins in its vault. The formats are those
// of its published security white paper: PBKDF2 and HKDF to a key, AES-256-CBC with HMAC-SHA-256.
//
// node bitwarden.mjs PORT ITEMS, with the password in PASSWORD.

import { createCipheriv, createHmac, generateKeyPairSync, pbkdf2Sync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

const [port, count] = process.argv.slice(2).map(Number);
const EMAIL = 'bench@example.com';
const ITERATIONS = 600_000;

const hmac = (key, ...parts) => createHmac('sha256', key).update(Buffer.concat(parts)).digest();

/** Type 2 of their encrypted strings: IV, ciphertext, MAC. */
function sealed({ enc, mac }, plaintext) {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', enc, iv);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const parts = [iv, ciphertext, hmac(mac, iv, ciphertext)];
  return `2.${parts.map((part) => part.toString('base64')).join('|')}`;
}

const master = pbkdf2Sync(process.env.PASSWORD, EMAIL, ITERATIONS, 32, 'sha256');
const expanded = (label) => hmac(master, Buffer.from(label), Buffer.from([1]));
const user = randomBytes(64);
const userKey = { enc: user.subarray(0, 32), mac: user.subarray(32) };
const key = sealed({ enc: expanded('enc'), mac: expanded('mac') }, user);
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const privateKey = sealed(userKey, pair.privateKey.export({ type: 'pkcs8', format: 'der' }));

const id = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const text = (value) => sealed(userKey, Buffer.from(value));
const now = new Date().toISOString();
const ciphers = Array.from({ length: count }, (_, number) => ({
  object: 'cipherDetails',
  id: id(number),
  type: 1,
  name: text(`Item ${number}`),
  login: { username: text('ada'), password: text(`secret ${number}`), uris: [] },
  edit: true,
  viewPassword: true,
  reprompt: 0,
  collectionIds: [],
  revisionDate: now,
  creationDate: now,
}));

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const OWN = id(1_000_000);
const claims = { sub: OWN, email: EMAIL, name: 'Bench', exp: Math.floor(Date.now() / 1000) + 86_400, sstamp: 'stamp', scope: ['api'] };
const kdf = { kdf: 0, kdfIterations: ITERATIONS };
const profile = { id: OWN, email: EMAIL, name: 'Bench', key, privateKey, securityStamp: 'stamp', organizations: [], providers: [], providerOrganizations: [] };
const answers = {
  '/api/config': { version: '2025.10.0', environment: {}, featureStates: {} },
  '/identity/accounts/prelogin': kdf,
  '/identity/connect/token': {
    access_token: `${part({ alg: 'none' })}.${part(claims)}.${part('')}`,
    refresh_token: 'refresh',
    expires_in: 86_400,
    token_type: 'Bearer',
    Key: key,
    PrivateKey: privateKey,
    Kdf: kdf.kdf,
    KdfIterations: kdf.kdfIterations,
    UserDecryptionOptions: { HasMasterPassword: true },
  },
  '/api/sync': { profile, ciphers, folders: [], collections: [], policies: [], sends: [], domains: null },
};

createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  const answer = answers[pathname];
  response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
  request.resume().on('end', () => response.end(JSON.stringify(answer ?? {})));
}).listen(port, '127.0.0.1');
