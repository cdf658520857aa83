import { enableMapSet, produce } from "immer";
import { stateDifference } from "../../../sim/structures/clone.ts";

enableMapSet();

/** Does what the kernel does in its two modes, and keeps every version of the checked state. */
export class TwoModes<State extends object> {
  readonly fast: State;
  readonly versions: State[];

  constructor(make: () => State) {
    this.fast = make();
    this.versions = [produce(make(), () => {})];
  }

  get checked(): State {
    return this.versions.at(-1)!;
  }

  /** One step, in both modes; their results must be the same. */
  step<Result>(recipe: (state: State) => Result): Result {
    const inFast = recipe(this.fast);
    let inChecked: Result | undefined;
    this.versions.push(
      produce(this.checked, (draft) => {
        inChecked = recipe(draft as State);
      }),
    );
    const found = stateDifference(inFast, inChecked) ?? stateDifference(this.fast, this.checked);
    if (found !== undefined) throw new Error(`fast and checked mode differ: ${found}`);
    return inFast;
  }
}
