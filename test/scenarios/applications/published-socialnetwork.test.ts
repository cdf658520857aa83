/** SocialNetwork, as the published port of the application makes its calls. Functions have the names of our file. */

import { describe, expect, test } from "vitest";
import { expectClose, expectPublished, loadShipped, meanOfMix } from "./published-calls.ts";

/** What the clients of the mixed runs send. */
const MIXED = { text: 64, mentions: 2, urls: 2, media: 2 };
/** Calls of a post that has been written, in both mixes. */
const COMPOSE = {
  calls: {
    ComposePost: 6,
    Media: 1,
    PostStorage: 1,
    SocialGraph: 1,
    Text: 1,
    UniqueId: 1,
    UrlShorten: 1,
    User: 1,
    UserMention: 1,
    UserTimeline: 1,
  },
  external: 5,
  internal: 10,
  roundTrips: {
    "compose-post-redis": 7,
    "home-timeline-redis": 1,
    mongodb: 4,
    "social-graph-redis": 2,
    "user-timeline-redis": 1,
    "write-home-timeline": 1,
  },
};

describe("SocialNetwork", () => {
  const mixed = loadShipped("socialnetwork", "mixed", { ...MIXED, timelineCached: 1000 });

  test("has 11 functions, all C++", () => {
    expect(mixed.functions).toHaveLength(11);
    for (const { language } of mixed.functions) expect(language).toBe("cpp");
  });

  test("writes a post with 15 calls, of which the web server makes four and the consumer one", () => {
    const write = loadShipped("socialnetwork", "write");
    const { roundTrips } = COMPOSE;
    expectPublished(write, "compose_post", {
      ...COMPOSE,
      roundTrips: { ...roundTrips, "user-memcached": 3.5 },
    });
    expectPublished(mixed, "compose_post", {
      ...COMPOSE,
      // The writer's timeline is in the cache, as reads have put it there.
      roundTrips: { ...roundTrips, "user-memcached": 2, "user-timeline-redis": 2 },
    });
  });

  test("reads timelines with a nested call for the posts", () => {
    expectPublished(mixed, "read_user_timeline", {
      calls: { PostStorage: 1, UserTimeline: 1 },
      external: 1,
      internal: 1,
      roundTrips: { "post-storage-memcached": 1.3252, mongodb: 0.3972, "user-timeline-redis": 1.036 },
    });
    expectPublished(mixed, "read_home_timeline", {
      calls: { HomeTimeline: 1, PostStorage: 1 },
      external: 1,
      internal: 1,
      roundTrips: { "home-timeline-redis": 1, "post-storage-memcached": 1.4053, mongodb: 0.4604 },
    });
  });

  test("follows with one call", () => {
    expectPublished(mixed, "follow", {
      calls: { SocialGraph: 1 },
      external: 1,
      internal: 0,
      roundTrips: { "social-graph-redis": 2, mongodb: 2 },
    });
  });

  test("has the published means over its mix", () => {
    const { external, internal } = meanOfMix(mixed);
    expectClose({ external, internal }, { external: 2.2, internal: 3.65 });
  });
});
