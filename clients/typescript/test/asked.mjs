// Does what a test asks for, a line of JSON each, and answers with a line each. It is no test itself:
// `crates/testkit/tests/typescript` runs it before real servers.

import { createInterface } from 'node:readline';
import { inspect } from 'node:util';

import { KeyArcError, openMachine } from '@keyarc/client/machine';

/** What is tried with a machine, besides its own methods. */
const TRIED = {
  /** What one is still good for that is closed while it reads: the codes. */
  async closed(machine, reference) {
    const reading = machine.read(reference);
    machine[Symbol.dispose]();
    machine.close();
    const codes = [];
    for (const ask of [() => machine.id, () => machine.list(), () => machine.read(reference), () => machine.item('x')]) {
      try {
        await ask();
      } catch (error) {
        codes.push(error.code);
      }
    }
    return [await reading, ...codes];
  },
};

async function answer({ origin, token, call, arguments: given = [] }) {
  const machine = await openMachine({ origin, token });
  try {
    if (call in TRIED) return await TRIED[call](machine, ...given);
    const member = machine[call];
    return typeof member === 'function' ? await member.apply(machine, given) : member;
  } finally {
    machine.close();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = { value: (await answer(JSON.parse(line))) ?? null };
  } catch (error) {
    // Whatever a program could print of it.
    const shown = `${inspect(error)} ${JSON.stringify(error)}`;
    const { code, message, nearest, candidates } = error;
    said = { typed: error instanceof KeyArcError, code, message, nearest, candidates, shown };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
