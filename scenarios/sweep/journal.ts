/**
 * What a sweep has finished, durably: a line of JSON for each run, written before the next begins. A sweep that is stopped, or whose machine
 * loses power, goes on where it was; a line that was not written to its end is no line.
 */

import { open } from "node:fs/promises";
import type { SweepRun } from "./sweep.ts";

/** What the runs of a journal have in common: they belong together only as long as all of it is the same. */
export interface JournalHead {
  readonly format: "bokisim-sweep-journal-1";
  readonly bokisimVersion: string;
  /** The scenario's text and what was set for all runs. */
  readonly text: string;
  readonly set: readonly string[];
}

export interface Journal {
  /** By their keys. */
  readonly finished: ReadonlyMap<string, SweepRun>;
  append(key: string, run: SweepRun): Promise<void>;
  close(): Promise<void>;
}

/** The journal in the file belongs to something else. */
export class JournalError extends Error {
  override readonly name = "JournalError";
}

export async function openJournal(file: string, head: JournalHead): Promise<Journal> {
  const handle = await open(file, "a+");
  const text = await handle.readFile("utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) await handle.truncate(Buffer.byteLength(whole));
  const [first, ...lines] = whole.split("\n").slice(0, -1);
  if (first === undefined) {
    await handle.appendFile(`${JSON.stringify(head)}\n`);
  } else if (first !== JSON.stringify(head)) {
    await handle.close();
    throw new JournalError(
      `${file} is of another sweep (${differenceOf(first, head)}): name another directory with --out, or remove it`,
    );
  }
  const finished = new Map<string, SweepRun>();
  for (const line of lines) {
    const { key, run } = JSON.parse(line) as { key: string; run: SweepRun };
    finished.set(key, run);
  }
  // One line at a time, each on the disk before anybody relies on it.
  let last: Promise<void> = Promise.resolve();
  return {
    finished,
    append(key, run) {
      finished.set(key, run);
      last = last.then(async () => {
        await handle.appendFile(`${JSON.stringify({ key, run })}\n`);
        await handle.datasync();
      });
      return last;
    },
    async close() {
      await last;
      await handle.close();
    },
  };
}

function differenceOf(first: string, head: JournalHead): string {
  let before: Partial<JournalHead>;
  try {
    before = JSON.parse(first) as Partial<JournalHead>;
  } catch {
    return "its first line cannot be read";
  }
  if (before.format !== head.format) return "it has another format";
  if (before.bokisimVersion !== head.bokisimVersion) return `of version ${before.bokisimVersion}`;
  return before.text === head.text ? "with other settings" : "of a scenario that has changed since";
}
