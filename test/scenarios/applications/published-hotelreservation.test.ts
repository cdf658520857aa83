/** HotelReservation, as the published port of the application makes its calls. Functions have the names of our file. */

import { describe, expect, test } from "vitest";
import { expectationOf } from "./expectation.ts";
import { expectClose, expectPublished, loadShipped, meanOfMix } from "./published-calls.ts";

const application = loadShipped("hotelreservation", "mixed");

describe("HotelReservation", () => {
  test("has 11 functions, all Go, with 8 to 32 workers", () => {
    expect(application.functions).toHaveLength(11);
    for (const { language, minWorkers, maxWorkers } of application.functions)
      expect([language, minWorkers, maxWorkers]).toEqual(["go", 8, 32]);
  });

  test("searches with 5 nested calls and 11 cache reads on average", () => {
    expectPublished(application, "search", {
      calls: { hotels: 1, search: 1, geo: 1, rate: 1, Reservation: 1, profile: 1 },
      external: 1,
      internal: 5,
      roundTrips: { "memcached-rate": 2.559, "memcached-reserve": 7.675, "memcached-profile": 0.855 },
    });
  });

  test("recommends with 2 nested calls", () => {
    expectPublished(application, "recommend", {
      calls: { recommendations: 1, recommendation: 1, profile: 1 },
      external: 1,
      internal: 2,
      roundTrips: { "memcached-profile": 2.32 },
    });
  });

  test("checks users without a store", () => {
    expectPublished(application, "login", {
      calls: { user: 1, users: 1 },
      external: 1,
      internal: 1,
      roundTrips: {},
    });
  });

  test("reserves with three cache requests and one insert a night", () => {
    expectPublished(application, "reserve", {
      calls: { reservation: 1, users: 1, Reservation: 1 },
      external: 1,
      internal: 2,
      roundTrips: { "memcached-reserve": 9, mongodb: 3 },
    });
  });

  test("has the published means over its mix, 79.1 % of the calls internal", () => {
    const { external, internal, roundTrips } = meanOfMix(application);
    expectClose({ external, internal, roundTrips }, { external: 1, internal: 3.795, roundTrips: 7.6182 });
    expect(internal / (external + internal)).toBeCloseTo(0.7914, 3);
  });

  test("loads a table from the database at a worker's first call where the port does", () => {
    const loads = (request: string) =>
      expectationOf(application, request, { first: true }).roundTrips.mongodb ?? 0;
    expect(loads("search")).toBeCloseTo(1, 9);
    expect(loads("recommend")).toBeCloseTo(1, 9);
    expect(loads("login")).toBeCloseTo(1, 9);
    // Beside the inserts, which are 3 on average.
    expect(loads("reserve")).toBeCloseTo(4, 9);
  });
});
