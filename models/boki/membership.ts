/**
 * Who may be in a view: those registered with ZooKeeper (docs/models/reconfiguration.md, "Failures"). A view keeps the members
 * that are still there in the same life, and fills the places of those that are not with others that are online.
 */

import type { Address } from "../../sim/machine.ts";
import type { NodeId } from "./identifiers.ts";
import type { Birth, Directory } from "./messages.ts";
import type { View } from "./view.ts";

/** A node in one of its lives. */
export interface Member {
  readonly id: NodeId;
  readonly birth: Birth;
}

export interface Members {
  readonly sequencers: readonly Member[];
  readonly engines: readonly Member[];
  readonly storages: readonly Member[];
}

/** How many of each role a view takes. */
export interface ViewSizes {
  readonly sequencers: number;
  readonly engines: number;
  readonly storages: number;
}

/** The nodes that are online, ascending, as many as a view takes. */
export function onlineMembers(directory: Directory, sizes: ViewSizes): Members {
  return {
    sequencers: membersOf(directory, directory.sequencer).slice(0, sizes.sequencers),
    engines: membersOf(directory, directory.engine).slice(0, sizes.engines),
    storages: membersOf(directory, directory.storage).slice(0, sizes.storages),
  };
}

/**
 * The members of the view after `view`, and whether they differ from its own.
 *
 * @param sequencers Take these instead of the current ones, in this order; ids that are not online are left out.
 * @param asTheyAre Keep all members whether they are online or not, as the release does.
 */
export function nextMembers(
  view: View,
  directory: Directory,
  sizes: ViewSizes,
  sequencers: readonly NodeId[] | undefined,
  asTheyAre = false,
): Members & { readonly changed: boolean } {
  const next = (
    ids: readonly NodeId[],
    births: readonly Birth[],
    online: readonly Member[],
    size: number,
  ) => {
    const before = ids.map((id, i) => ({ id, birth: births[i]! }));
    if (asTheyAre) return before;
    const stays = before.filter(({ id, birth }) =>
      online.some((each) => each.id === id && each.birth === birth),
    );
    const others = online.filter(({ id }) => !stays.some((each) => each.id === id));
    return [...stays, ...others].slice(0, Math.max(size, 0));
  };
  const online = {
    sequencers: membersOf(directory, directory.sequencer),
    engines: membersOf(directory, directory.engine),
    storages: membersOf(directory, directory.storage),
  };
  const chosen =
    sequencers === undefined
      ? next(view.sequencers, view.births.sequencers, online.sequencers, sizes.sequencers)
      : sequencers.flatMap((id) => {
          const member = online.sequencers.find((each) => each.id === id);
          return member === undefined ? [] : [member];
        });
  const engines = next(view.engines, view.births.engines, online.engines, sizes.engines);
  const storages = next(view.storages, view.births.storages, online.storages, sizes.storages);
  const changed =
    differs(chosen, view.sequencers, view.births.sequencers) ||
    differs(engines, view.engines, view.births.engines) ||
    differs(storages, view.storages, view.births.storages);
  return { sequencers: chosen, engines, storages, changed };
}

function differs(members: readonly Member[], ids: readonly NodeId[], births: readonly Birth[]): boolean {
  return (
    members.length !== ids.length || members.some(({ id, birth }, i) => ids[i] !== id || births[i] !== birth)
  );
}

function membersOf(directory: Directory, addresses: readonly (Address | undefined)[]): Member[] {
  const members: Member[] = [];
  addresses.forEach((address, id) => {
    if (address === undefined) return;
    const birth = directory.births[address];
    if (birth !== undefined) members.push({ id, birth });
  });
  return members;
}

/** Ids of the nodes that are online, ascending. */
export function onlineOf(addresses: readonly (Address | undefined)[]): NodeId[] {
  const ids: NodeId[] = [];
  addresses.forEach((address, id) => {
    if (address !== undefined) ids.push(id);
  });
  return ids;
}
