/** HipsterShop, as the published port of the application makes its calls. Functions have the names of our file. */

import { describe, expect, test } from "vitest";
import { expectationOf } from "./expectation.ts";
import { expectClose, expectPublished, loadShipped, meanOfMix } from "./published-calls.ts";

const application = loadShipped("hipstershop", "shoppers");

describe("HipsterShop", () => {
  test("has nine functions in Go, three in Node.js, one in Python", () => {
    const by = (wanted: string) =>
      application.functions.filter(({ language }) => language === wanted).map(({ name }) => name);
    expect(by("go")).toHaveLength(9);
    expect(by("node").sort()).toEqual(["Cart", "Currency", "Payment"]);
    expect(by("python")).toEqual(["Recommendation"]);
    expect(application.functions).toHaveLength(13);
  });

  test("shows its home page with two times a random key and its list of ads", () => {
    expectPublished(application, "home", {
      calls: { home: 1, Currency: 1, ProductCatalog: 1, Cart: 1, Ad: 1 },
      external: 1,
      internal: 4,
      roundTrips: { "ad-redis": 4, "cart-redis": 1, "productcatalog-redis": 1 },
    });
  });

  test("shows a product with a list of ads per category", () => {
    expectPublished(application, "product", {
      calls: { product: 1, Currency: 1, ProductCatalog: 1, Cart: 1, Ad: 1 },
      external: 1,
      internal: 4,
      roundTrips: { "ad-redis": 2.001, "cart-redis": 1, "productcatalog-redis": 1 },
    });
  });

  test("shows a cart with a product more for each of its items", () => {
    expectPublished(application, "viewCart", {
      calls: { viewCart: 1, Currency: 1, Cart: 1, Recommendation: 1, ProductCatalog: 7, Shipping: 1 },
      external: 1,
      internal: 11,
      roundTrips: { "cart-redis": 1, "productcatalog-redis": 7 },
    });
    const withItems = loadShipped("hipstershop", "shoppers", { items: 3 });
    expect(expectationOf(withItems, "viewCart").internal).toBeCloseTo(13, 9);
  });

  test("adds to a cart", () => {
    expectPublished(application, "addToCart", {
      calls: { addToCart: 1, ProductCatalog: 1, Cart: 1 },
      external: 1,
      internal: 2,
      roundTrips: { "cart-redis": 1, "productcatalog-redis": 1 },
    });
  });

  test("checks out with a product and a conversion more for each item", () => {
    expectPublished(application, "checkout", {
      calls: {
        checkout: 1,
        Checkout: 1,
        Cart: 2,
        ProductCatalog: 1,
        Currency: 2,
        Shipping: 2,
        Payment: 1,
      },
      external: 1,
      internal: 9,
      roundTrips: { "cart-redis": 2, "productcatalog-redis": 1, mongodb: 2 },
    });
    const withItems = loadShipped("hipstershop", "shoppers", { items: 3 });
    expect(expectationOf(withItems, "checkout").internal).toBeCloseTo(13, 9);
  });

  test("has the published means over its mix, 85.1 % of the calls internal", () => {
    const { external, internal, roundTrips } = meanOfMix(application);
    expectClose({ external, internal, roundTrips }, { external: 1, internal: 5.7, roundTrips: 5.3003 });
    expect(internal / (external + internal)).toBeCloseTo(0.8507, 3);
  });
});
