/** Reading the values of options that several commands have. */

import { InvalidArgumentError } from "@commander-js/extra-typings";

export function parseWhole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`A whole number from ${least} on is wanted.`);
    }
    return value;
  };
}

export function collectSetting(text: string, previous: readonly string[] | undefined): readonly string[] {
  if (!/^[^=\s]+=/.test(text)) {
    throw new InvalidArgumentError("It has the form path=value, such as boki.globalCut=100us.");
  }
  return [...(previous ?? []), text];
}

/** `2%` or 0.02. */
export function parseShare(least: number, most: number): (text: string) => number {
  return (text) => {
    const [, digits, percent] = /^(\d+(?:\.\d+)?)\s*(%)?$/.exec(text.trim()) ?? [];
    const value = Number(digits) / (percent === undefined ? 1 : 100);
    if (!(value >= least && value <= most)) {
      throw new InvalidArgumentError(`A share from ${100 * least}% to ${100 * most}% is wanted.`);
    }
    return value;
  };
}
