/** Ctrl-C during long work: the work is told to stop, and the command ends in any case. */

import { EXIT_INTERRUPTED } from "./exit-codes.ts";

const PATIENCE_MILLIS = 2_000;

/**
 * Runs `work` with a signal that Ctrl-C raises. Work that does not stop within two seconds, or a second Ctrl-C, ends the
 * process at once.
 */
export async function withInterrupt<T>(
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | "interrupted"> {
  const controller = new AbortController();
  const onInterrupt = (): void => {
    if (controller.signal.aborted) end();
    controller.abort();
    setTimeout(end, PATIENCE_MILLIS).unref();
  };
  process.on("SIGINT", onInterrupt);
  try {
    const result = await work(controller.signal);
    if (!controller.signal.aborted) return result;
  } catch (error) {
    // Whatever fails after the signal fails because of it.
    if (!controller.signal.aborted) throw error;
  } finally {
    // Once interrupted it stays: npm passes the signal on, so that one Ctrl-C may arrive twice.
    if (!controller.signal.aborted) process.off("SIGINT", onInterrupt);
  }
  announce();
  return "interrupted";
}

function end(): never {
  announce();
  process.exit(EXIT_INTERRUPTED);
}

function announce(): void {
  process.stderr.write("bokisim: interrupted; nothing was written\n");
}
