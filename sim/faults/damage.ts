/** What a machine reads from a disk where a fault has been at work (docs/kernel.md, "Faults"). */

/** `unreadable`: this read failed, the next may not. */
export type Damage = "torn" | "corrupt" | "unreadable";

/** In the place of a value that cannot be had, as a checksum or a read error would tell. */
export interface Damaged {
  readonly kind: "damaged";
  readonly damage: Damage;
}

export const DAMAGED: { readonly [D in Damage]: Damaged } = {
  torn: Object.freeze({ kind: "damaged", damage: "torn" }),
  corrupt: Object.freeze({ kind: "damaged", damage: "corrupt" }),
  unreadable: Object.freeze({ kind: "damaged", damage: "unreadable" }),
};

/** What is wrong with something that `Effects.get` returned; undefined: nothing that reading it would show. */
export function damageOf(value: unknown): Damage | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kind, damage } = value as Partial<Damaged>;
  return kind === "damaged" ? damage : undefined;
}
