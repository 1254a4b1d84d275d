// Prints a secret of a vault, with a machine token and nothing else:
//
//   export KEYARC_SERVER=https://keyarc.example KEYARC_TOKEN=kat1_…
//   node read-secret.mjs keyarc://personal/Payments/Stripe/value [environment]

import process from 'node:process';

import { KeyArcError, openMachine } from '@keyarc/client/machine';

const { KEYARC_SERVER: origin, KEYARC_TOKEN: token } = process.env;
const [reference, environment] = process.argv.slice(2);

if (!origin || !token || !reference) {
  console.error('usage: KEYARC_SERVER=… KEYARC_TOKEN=… node read-secret.mjs <reference> [environment]');
  process.exitCode = 2;
} else {
  let machine;
  try {
    machine = await openMachine({ origin, token });
    process.stdout.write(`${await machine.read(reference, { environment })}\n`);
  } catch (error) {
    if (!(error instanceof KeyArcError)) throw error;
    console.error(`${error.code}: ${error.message}`);
    process.exitCode = 1;
  } finally {
    machine?.close();
  }
}
