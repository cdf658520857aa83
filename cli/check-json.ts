/** The result of `bokisim check` as data (docs/histories.md, "The result as data"). */

import type { Operation } from "../sim/linearizability/history.ts";
import type { Checked } from "./check.ts";

export function checkJson({ file, model, history, result, violation }: Checked): string {
  const { verdict, operations, visited, objects } = result;
  const { clock } = history;
  return `${JSON.stringify(
    {
      format: "bokisim-check-1",
      file,
      model,
      verdict,
      clock,
      operations,
      visited,
      objects: objects.map(({ key = null, ...rest }) => ({ key, ...rest })),
      ...(violation !== undefined && {
        violation: {
          key: violation.key ?? null,
          operation: operationJson(violation.explanation.operation),
          returnedBefore: violation.explanation.returnedBefore,
          linearization: violation.explanation.linearization.map(({ index }) => index),
          part: violation.explanation.part.map(operationJson),
          states: violation.explanation.states ?? null,
        },
      }),
    },
    undefined,
    2,
  )}\n`;
}

/** As in a history file, and with the place in the history it comes from. */
function operationJson({ index, process, name, key, input, output, outcome, invoked, returned }: Operation) {
  return {
    index,
    process,
    operation: name,
    key,
    input,
    output,
    outcome,
    invokedNanos: invoked,
    ...(Number.isFinite(returned) && { returnedNanos: returned }),
  };
}
