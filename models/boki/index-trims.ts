/**
 * What an index has given up: below which seqnum it shows nothing of a LogBook, or of one tag of it
 * (docs/models/reconfiguration.md, "Trim").
 */

import { type LogBookId, type Seqnum, TAG_ALL, type Tag } from "./identifiers.ts";
import type { Trim } from "./metalog.ts";

/** Bounds of one LogBook. */
export interface TrimBounds {
  all: Seqnum;
  byTag: Map<Tag, Seqnum>;
}

export type Trims = Map<LogBookId, TrimBounds>;

/** Takes a trim in. `shown`: what the index shows by now; nothing behind that is given up, whatever was asked for. */
export function applyTrim(trims: Trims, { logBook, tag, seqnum }: Trim, shown: Seqnum): void {
  if (!trims.has(logBook)) trims.set(logBook, { all: 0, byTag: new Map() });
  const bounds = trims.get(logBook)!;
  const bound = Math.min(seqnum, shown);
  if (tag === TAG_ALL) bounds.all = Math.max(bounds.all, bound);
  else bounds.byTag.set(tag, Math.max(bounds.byTag.get(tag) ?? 0, bound));
}

/** Below which seqnum a read of a tag of a LogBook finds nothing. */
export function boundOf(trims: Trims, logBook: LogBookId, tag: Tag): Seqnum {
  const bounds = trims.get(logBook);
  if (bounds === undefined) return 0;
  return tag === TAG_ALL ? bounds.all : Math.max(bounds.all, bounds.byTag.get(tag) ?? 0);
}
