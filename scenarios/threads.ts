/** Pools of worker threads, for everything that runs simulations side by side. */

import { createRequire, enableCompileCache, flushCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";

/**
 * A pool of `threads` threads, all started at once, that run the default export of the module `file`.
 *
 * The threads find their modules in Node's compile cache, which this thread fills first. They start in a third of the
 * time, and they need no type stripper of their own: Node's is WebAssembly, and V8 can fail a check and end the process
 * when instances of it come and go with the threads (https://github.com/nodejs/node/issues/64500).
 * Where the cache cannot be written the threads work as well, and start slower.
 */
export function threadPool<Task, Result>(file: URL, threads: number): Piscina<Task, Result> {
  const { directory } = enableCompileCache();
  createRequire(file)(fileURLToPath(file));
  flushCompileCache();
  return new Piscina<Task, Result>({
    filename: file.href,
    minThreads: threads,
    maxThreads: threads,
    ...(directory === undefined ? {} : { env: { ...process.env, NODE_COMPILE_CACHE: directory } }),
  });
}
