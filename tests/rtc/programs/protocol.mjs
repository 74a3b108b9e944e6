// The tests' side of a guest program: commands come as lines of JSON, answers and events go back the same way.

import { createInterface } from "node:readline";

export function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Serve until the input ends. `carryOut(who, command, arguments)` returns a promise of the answer. */
export async function serve(carryOut) {
  say({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, who, do: command, ...given } = JSON.parse(line);
    carryOut(who, command, given).then(
      (result) => say({ id, result: result ?? null }),
      (error) => say({ id, error: `${error.name}: ${error.message}` }),
    );
  }
}
