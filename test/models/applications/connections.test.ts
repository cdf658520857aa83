import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  breakConnections,
  NO_CONNECTION,
  occupy,
  openConnections,
  release,
  reopen,
} from "../../../models/applications/connections.ts";

type Act = "ask" | "answer" | "giveUp" | "break" | "reopen";

describe("kept connections", () => {
  test("carry one exchange each, in the order of asking, whatever ends, breaks and opens", () => {
    const acts = fc.array(
      fc.record({
        act: fc.oneof(
          { arbitrary: fc.constant<Act>("ask"), weight: 6 },
          { arbitrary: fc.constant<Act>("answer"), weight: 5 },
          { arbitrary: fc.constantFrom<Act>("giveUp", "break", "reopen"), weight: 1 },
        ),
        pick: fc.nat(),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), acts, (count, script) => {
        const connections = openConnections(9, count);
        const carried = new Map<number, number>();
        let waiting: number[] = [];
        let asked = 0;
        const handOn = (connection: number) => {
          const next = release(connections, connection, (exchange) => waiting.includes(exchange));
          expect(next).toBe(waiting[0]);
          if (next === undefined) return;
          waiting.shift();
          carried.set(connection, next);
        };
        for (const { act, pick } of script) {
          const busy = [...carried.keys()];
          if (act === "ask") {
            const exchange = asked++;
            const connection = occupy(connections, exchange);
            const hasRoom = connections.open && carried.size < count;
            expect(connection === NO_CONNECTION).toBe(!hasRoom);
            if (connection === NO_CONNECTION) waiting.push(exchange);
            else {
              expect(carried.has(connection)).toBe(false);
              carried.set(connection, exchange);
            }
          } else if (act === "answer" && busy.length > 0) {
            const connection = busy[pick % busy.length]!;
            carried.delete(connection);
            handOn(connection);
          } else if (act === "giveUp" && waiting.length > 0) {
            waiting = waiting.filter((_, i) => i !== pick % waiting.length);
          } else if (act === "break") {
            breakConnections(connections);
            carried.clear();
          } else if (act === "reopen" && !connections.open) {
            reopen(connections);
            for (const connection of connections.free.splice(0)) handOn(connection);
          }
          expect(carried.size + connections.free.length).toBe(connections.open ? count : 0);
          if (waiting.length > 0 && connections.open) expect(connections.free).toEqual([]);
        }
      }),
      { seed: 13, numRuns: 500 },
    );
  });

  test("are used again as soon as possible, so that as few as possible are in use", () => {
    const connections = openConnections(9, 3);
    expect(occupy(connections, 1)).toBe(0);
    release(connections, 0, () => false);
    expect(occupy(connections, 2)).toBe(0);
    expect(occupy(connections, 3)).toBe(1);
  });
});
