import fc from "fast-check";
import { freeze } from "immer";
import { describe, expect, test } from "vitest";
import { cloneState, stateDifference, stateDigest, stateEquals } from "../../../sim/structures/clone.ts";
import { append, at, intList } from "../../../sim/structures/int-list.ts";
import * as lists from "../../../sim/structures/list.ts";
import "./two-modes.ts";

const leaf = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.string({ maxLength: 4 }),
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.array(fc.nat(), { maxLength: 4 }).map((values) => intList(values)),
  fc.array(fc.nat(), { maxLength: 4 }).map((values) => Uint32Array.from(values)),
);

/** States of every kind that is allowed. */
const { state } = fc.letrec<{ state: unknown }>((tie) => ({
  state: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("state"), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ maxLength: 3 }).filter((key) => key !== "__proto__"),
      tie("state"),
      { maxKeys: 4 },
    ),
    fc
      .array(fc.tuple(fc.string({ maxLength: 2 }), tie("state")), { maxLength: 4 })
      .map((pairs) => new Map(pairs)),
    fc.array(fc.nat(9), { maxLength: 4 }).map((values) => new Set(values)),
    fc.array(tie("state"), { maxLength: 4 }).map((values) => lists.list(values)),
  ),
}));

describe("cloneState", () => {
  test("gives an equal state with an equal digest", () => {
    fc.assert(
      fc.property(state, (original) => {
        const copy = cloneState(original);
        expect(stateDifference(original, copy)).toBeUndefined();
        expect(stateDigest(copy)).toBe(stateDigest(original));
      }),
      { numRuns: 500 },
    );
  });

  test("shares nothing that can change, and keeps what is shared within", () => {
    const shared = { n: 1 };
    const original = {
      a: shared,
      b: [shared],
      c: new Map([[1, shared]]),
      d: new Uint32Array([1]),
      e: new Set([1]),
    };
    const copy = cloneState(original);
    expect(copy.a).not.toBe(shared);
    expect(copy.b[0]).toBe(copy.a);
    expect(copy.c.get(1)).toBe(copy.a);
    copy.a.n = 2;
    copy.d[0] = 2;
    copy.e.add(2);
    expect(original).toEqual({
      a: { n: 1 },
      b: [{ n: 1 }],
      c: new Map([[1, { n: 1 }]]),
      d: new Uint32Array([1]),
      e: new Set([1]),
    });
  });

  test("makes a frozen state changeable", () => {
    const frozen = freeze({ list: intList([1]), map: new Map([["a", { n: 1 }]]) }, true);
    const copy = cloneState(frozen);
    append(copy.list, 2);
    copy.map.get("a")!.n = 2;
    copy.map.set("b", { n: 3 });
    expect([frozen.list.length, frozen.map.get("a"), frozen.map.size]).toEqual([1, { n: 1 }, 1]);
  });

  test("lets lists of original and copy grow apart", () => {
    const original = { ints: intList([1]), entries: lists.list(["a"]) };
    const copy = cloneState(original);
    append(original.ints, 2);
    append(copy.ints, 3);
    lists.append(copy.entries, "b");
    expect([at(original.ints, 1), at(copy.ints, 1), original.entries.length]).toEqual([2, 3, 1]);
  });

  test("refuses what is not plain data, by name", () => {
    expect(() => cloneState({ at: new Date(0) })).toThrow("found an instance of Date");
    expect(() => cloneState([() => 1])).toThrow("found a function");
    expect(() => stateDigest(new Date(0))).toThrow("found an instance of Date");
  });
});

describe("stateDifference", () => {
  test.each<[unknown, unknown, string]>([
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, ".a[1].b: 2 is not 3"],
    [{ a: 1 }, { a: 1, b: undefined }, ".b: not there is not undefined"],
    [{ a: 1, c: "x" }, { a: 1 }, '.c: "x" is not there'],
    [[1, 2], [1], ".length: 2 is not 1"],
    [1, "1", 'the state: 1 is not "1"'],
    [{ a: [] }, { a: new Map() }, ".a: an array of 0 is not a Map of 0"],
    [{ a: {} }, { a: new Set() }, ".a: an object {} is not a Set of 0"],
    [new Map([["k", { n: 1 }]]), new Map([["k", { n: 2 }]]), '("k").n: 1 is not 2'],
    [new Map([["k", 1]]), new Map([["j", 1]]), '("k"): only on the left'],
    [
      new Map([[1, 1]]),
      new Map([
        [1, 1],
        [2, 2],
      ]),
      "(2): only on the right",
    ],
    [
      new Map([
        [1, 1],
        [2, 2],
      ]),
      new Map([
        [2, 2],
        [1, 1],
      ]),
      " key 0 in order: 1 is not 2",
    ],
    [{ l: intList([1, 2]) }, { l: intList([1, 3]) }, ".l[1]: 2 is not 3"],
    [{ l: intList([1, 2]) }, { l: intList([1]) }, ".l.length: 2 is not 1"],
    [{ l: intList([1]) }, { l: lists.list([1]) }, ".l: a list of 1 is not a list of 1"],
    [new Uint32Array([1]), new Uint32Array([2]), "[0]: 1 is not 2"],
    [new Uint32Array([1]), new Int32Array([1]), "the state: an object {0} is not an object {0}"],
    [null, {}, "the state: null is not an object {}"],
  ])("names the first place where %j and %j differ", (a, b, expected) => {
    expect(stateDifference(a, b)).toBe(expected);
    expect(stateEquals(a, b)).toBe(false);
    expect(stateEquals(b, a)).toBe(false);
  });

  test("sees of a list what its handle shows", () => {
    const longer = intList([1, 2, 3]);
    const shorter = { length: 2, store: longer.store };
    expect(stateEquals(shorter, intList([1, 2]))).toBe(true);
    expect(stateDigest(shorter)).toBe(stateDigest(intList([1, 2])));
    expect(stateEquals(shorter, longer)).toBe(false);
  });

  test("takes NaN for equal to itself, 0 for -0, and fields in any order", () => {
    const [a, b] = [
      { x: NaN, y: 0 },
      { y: -0, x: NaN },
    ];
    expect(stateEquals(a, b)).toBe(true);
    expect(stateDigest(a)).toBe(stateDigest(b));
  });
});

describe("stateDigest", () => {
  test("agrees with equality over pairs of states", () => {
    fc.assert(
      fc.property(state, state, (a, b) => {
        expect(stateDigest(a) === stateDigest(b)).toBe(stateEquals(a, b));
      }),
      { numRuns: 1_000, seed: 1 },
    );
  });

  test("confuses no two of many small states, and not the same two under another seed", () => {
    const states: unknown[] = [];
    for (let i = 0; i < 200; i++)
      for (let j = 0; j < 100; j++) states.push({ position: i, peers: [j, { mode: "normal" }] });
    const first = new Set(states.map((each) => stateDigest(each)));
    const both = new Set(states.map((each) => `${stateDigest(each)} ${stateDigest(each, 1)}`));
    // Of 20,000 random hashes of 32 bits, 0.05 pairs agree.
    expect(first.size).toBeGreaterThanOrEqual(states.length - 2);
    expect(both.size).toBe(states.length);
  });

  test("never changes", () => {
    expect(
      stateDigest({
        a: [1, 2.5, "x", null, true, undefined],
        m: new Map([[1, new Set([2])]]),
        l: intList([3]),
      }),
    ).toMatchInlineSnapshot(`2468882408`);
  });
});
