/** MovieReview, as the published port of the application makes its calls. Functions have the names of our file. */

import { describe, test } from "vitest";
import { expectPublished, loadShipped } from "./published-calls.ts";

describe("MovieReview", () => {
  test("writes a review with 13 calls and 31 requests to stores", () => {
    expectPublished(loadShipped("moviereview", "compose"), "compose_review", {
      calls: {
        ComposeReview: 5,
        MovieId: 1,
        MovieReview: 1,
        Rating: 1,
        ReviewStorage: 1,
        Text: 1,
        UniqueId: 1,
        User: 1,
        UserReview: 1,
      },
      external: 4,
      internal: 9,
      roundTrips: {
        "compose-review-memcached": 20,
        mongodb: 5,
        "movie-id-memcached": 2,
        "movie-review-redis": 1,
        "rating-redis": 1,
        "user-memcached": 1,
        "user-review-redis": 1,
      },
    });
  });
});
