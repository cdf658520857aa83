/**
 * The controller: decides who plays which part, publishes it as a view, and moves the log from one view to the next
 * (docs/models/reconfiguration.md). Everything it tells the cluster goes through ZooKeeper, so that all nodes see the same
 * freezes, ends and views in the same order.
 *
 * What it knows it has read from ZooKeeper's log, its own publications included, so one that restarts knows the same again;
 * and each publication has a name, so that two attempts at it are one.
 *
 * Why a seal is safe: an entry is committed when floor(R/2)+1 of the R sequencers of a log hold it, and a log is sealed when
 * ceil(R/2) have reported, frozen. That is R+1 together, so at least one of those who hold a committed entry has reported it.
 */

import type { Address, Effects, Machine } from "../../sim/machine.ts";
import type { Nanos } from "../../sim/units.ts";
import type { Defects } from "./defects.ts";
import type { LogspaceId, NodeId, ViewId } from "./identifiers.ts";
import { type Members, nextMembers, onlineMembers } from "./membership.ts";
import type { BokiMessage, FinalLog, SealedLog, ZooKeeperEvent } from "./messages.ts";
import type { MetalogEntry } from "./metalog.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";
import { createView, type View, type ViewSpec } from "./view.ts";
import {
  create,
  openSession,
  PING,
  ping,
  takeZooKeeper,
  type ZooKeeperSession,
} from "./zookeeper-session.ts";

export interface ControllerConfig {
  readonly zooKeeper: Address;
  readonly sessionTimeoutNanos: Nanos;
  readonly metalogReplicas: number;
  readonly userlogReplicas: number;
  readonly indexReplicas: number;
  readonly physicalLogs: number;
  readonly hashTokens: number;
  /** How many of each role a view takes; nodes beyond that are spares. */
  readonly engines: number;
  readonly storages: number;
  readonly sequencers: number;
  readonly mutation: number;
  readonly defects: Defects;
}

/** A log of the view being sealed, and what its sequencers have reported, in the order of arrival. */
interface Seal {
  readonly logspace: LogspaceId;
  readonly reports: { readonly sequencer: NodeId; readonly tail: readonly MetalogEntry[] }[];
}

export interface ControllerState {
  readonly config: ControllerConfig;
  readonly session: ZooKeeperSession;
  /** `sealing`: a freeze is published; `finalizing`: the end of the view is; then the next view follows. */
  phase: "created" | "normal" | "sealing" | "finalizing";
  view: View | undefined;
  /** By log of the current view, in the order of the view's list. */
  seals: Seal[];
  /** What the next view takes, when an operator has said so. */
  ordered: { readonly sequencers: readonly NodeId[] | undefined } | undefined;
}

type ControllerEffects = Effects<BokiMessage>;

/** The released default seed of the LogBook hash; only that it is fixed matters here. */
const HASH_SEED = 0x02f9bedc;

export const controller: Machine<ControllerConfig, ControllerState, BokiMessage> = {
  start(config, out) {
    const { zooKeeper, sessionTimeoutNanos } = config;
    const topics = ["node", "view", "seal", "command"] as const;
    const session = openSession({ zooKeeper, sessionTimeoutNanos, role: undefined, id: 0, topics }, out);
    return { config, session, phase: "created", view: undefined, seals: [], ordered: undefined };
  },

  receive(state, _from, message, out) {
    switch (message.kind) {
      case "zkEvents":
      case "zkCreated":
      case "zkExpired":
        takeZooKeeper(state.session, message, (event) => follow(state, event, out), out);
        decide(state, out);
        return;
      default:
        throw new Error(`the controller does not take ${message.kind}`);
    }
  },

  timeout(state, timer, out) {
    if (timer === PING) ping(state.session, out);
  },
};

/** Takes one event of ZooKeeper's log in. Nothing is decided here: the event may be one of an earlier life's. */
function follow(state: ControllerState, event: ZooKeeperEvent, out: ControllerEffects): void {
  switch (event.topic) {
    case "node":
      return;
    case "command":
      if (event.command === "start") {
        if (state.view === undefined) state.ordered = { sequencers: undefined };
      } else if (state.phase === "normal") {
        state.ordered = { sequencers: event.sequencers };
      } else {
        out.count("controller.commandDropped");
      }
      return;
    case "seal":
      takeReport(state, event.viewId, event.sequencer, event.logs, out);
      return;
    case "view":
      switch (event.phase) {
        case "new":
          state.view = event.view;
          state.phase = "normal";
          state.ordered = undefined;
          return;
        case "freeze":
          state.phase = "sealing";
          state.seals = state.view!.logspaces.map((logspace) => ({ logspace, reports: [] }));
          return;
        case "finalize":
          state.phase = "finalizing";
          return;
      }
  }
}

/** Does what is due, from what is known by now. Doing it again is harmless: every publication has a name. */
function decide(state: ControllerState, out: ControllerEffects): void {
  switch (state.phase) {
    case "created":
      if (state.ordered !== undefined) publishFirstView(state, out);
      return;
    case "normal": {
      const view = state.view!;
      const members = membersAfter(state, view);
      if (members === undefined) return;
      const mustChange = members.changed && !state.config.defects.noFailureDetection;
      if (state.ordered === undefined && !mustChange) return;
      if (!enoughMembers(members, state.config)) {
        out.count("controller.tooFewNodes");
        return;
      }
      publish(state, { topic: "view", phase: "freeze", viewId: view.viewId }, `freeze ${view.viewId}`, out);
      return;
    }
    case "sealing":
      if (state.seals.every((seal) => isSealed(state, seal))) publishEnd(state, out);
      return;
    case "finalizing": {
      const members = membersAfter(state, state.view!);
      if (members === undefined || !enoughMembers(members, state.config)) return;
      publishView(state, nextSpec(state, state.view!, members, out), out);
      return;
    }
  }
}

function publishFirstView(state: ControllerState, out: ControllerEffects): void {
  const { directory } = state.session;
  const members = directory && onlineMembers(directory, state.config);
  if (members === undefined || !enoughMembers(members, state.config)) {
    state.ordered = undefined;
    out.count("controller.commandDropped");
    return;
  }
  publishView(state, specOf(state, 0, members, out), out);
}

/** Who would be in the view after `view`. The release takes its nodes again, whether or not they are online. */
function membersAfter(state: ControllerState, view: View): ReturnType<typeof nextMembers> | undefined {
  const { config, session, ordered } = state;
  if (session.directory === undefined) return undefined;
  return nextMembers(view, session.directory, config, ordered?.sequencers, config.defects.noFailureDetection);
}

function enoughMembers(members: Members, config: ControllerConfig): boolean {
  return (
    members.sequencers.length >= Math.max(config.metalogReplicas, config.physicalLogs) &&
    members.engines.length >= config.indexReplicas &&
    members.storages.length >= config.userlogReplicas
  );
}

function nextSpec(state: ControllerState, view: View, members: Members, out: ControllerEffects): ViewSpec {
  const sequencers =
    state.ordered?.sequencers === undefined ? shuffle(members.sequencers, out) : members.sequencers;
  const shuffled = {
    sequencers,
    engines: shuffle(members.engines, out),
    storages: shuffle(members.storages, out),
  };
  return specOf(state, view.viewId + 1, shuffled, out, view);
}

function specOf(
  state: ControllerState,
  viewId: ViewId,
  { sequencers, engines, storages }: Members,
  out: ControllerEffects,
  before?: View,
): ViewSpec {
  const { metalogReplicas, userlogReplicas, indexReplicas, physicalLogs, hashTokens, mutation } =
    state.config;
  // The slip: the tokens are not dealt anew, and may name a sequencer that has left.
  const keepsTokens = mutation === Mutation.tokensKept && before !== undefined;
  const ids = (members: readonly { readonly id: NodeId }[]) => members.map(({ id }) => id);
  const births = (members: Members[keyof Members]) => members.map(({ birth }) => birth);
  return {
    viewId,
    metalogReplicas,
    userlogReplicas,
    indexReplicas,
    physicalLogs,
    sequencers: ids(sequencers),
    engines: ids(engines),
    storages: ids(storages),
    births: { sequencers: births(sequencers), engines: births(engines), storages: births(storages) },
    hashSeed: HASH_SEED,
    hashTokens: keepsTokens
      ? before.hashTokens
      : dealTokens(ids(sequencers).slice(0, physicalLogs), hashTokens, out),
  };
}

function publishView(state: ControllerState, spec: ViewSpec, out: ControllerEffects): void {
  const view = createView(spec, state.config.mutation);
  publish(state, { topic: "view", phase: "new", view }, `new ${view.viewId}`, out);
}

/** Publishes something, unless this life of the controller has already. */
function publish(state: ControllerState, event: ZooKeeperEvent, name: string, out: ControllerEffects): void {
  if (state.session.open.some((request) => request.name === name)) return;
  create(state.session, event, name, out);
}

// ---- Sealing -------------------------------------------------------------------------------------------------------

function takeReport(
  state: ControllerState,
  viewId: ViewId,
  sequencer: NodeId,
  logs: readonly SealedLog[],
  out: ControllerEffects,
): void {
  const { mutation } = state.config;
  const isCurrent = viewId === state.view?.viewId;
  // The slip: a late report of the view before is counted for this one.
  const counts = isCurrent || mutation === Mutation.earlierReportCounted;
  if (state.phase !== "sealing" || !counts) {
    out.count("controller.lateReport");
    return;
  }
  logs.forEach(({ logspace, tail }, i) => {
    const seal = isCurrent
      ? state.seals.find((each) => each.logspace === logspace)
      : state.seals[i % state.seals.length];
    if (seal === undefined || seal.reports.some((report) => report.sequencer === sequencer)) return;
    seal.reports.push({ sequencer, tail });
  });
}

function isSealed(state: ControllerState, seal: Seal): boolean {
  const { metalogReplicas, mutation } = state.config;
  const needed =
    mutation === Mutation.sealQuorumTooSmall
      ? Math.max(1, Math.floor(metalogReplicas / 2))
      : Math.floor((metalogReplicas + 1) / 2);
  return seal.reports.length >= needed;
}

function publishEnd(state: ControllerState, out: ControllerEffects): void {
  const { viewId } = state.view!;
  const logs = state.seals.map((seal) => finalOf(seal, state.config.mutation));
  const name = `finalize ${viewId}`;
  if (state.session.open.some((request) => request.name === name)) return;
  out.observe?.({ kind: "sealed", viewId, logs } satisfies Observation);
  publish(state, { topic: "view", phase: "finalize", viewId, logs }, name, out);
}

/** What all reports of a log together say: every entry that anybody reported, up to the highest position. */
function finalOf({ logspace, reports }: Seal, mutation: number): FinalLog {
  const byPosition = new Map<number, MetalogEntry>();
  // The slip: only what came first counts.
  const used = mutation === Mutation.tailOfFirstReport ? reports.slice(0, 1) : reports;
  for (const { tail } of used) for (const entry of tail) byPosition.set(entry.position, entry);
  const tail = [...byPosition.values()].sort((a, b) => a.position - b.position);
  const last = tail[tail.length - 1];
  let final = last === undefined ? 0 : last.position + 1;
  if (mutation === Mutation.finalFromCount) final = tail.length;
  return { logspace, final, tail };
}

// ---- Choices -------------------------------------------------------------------------------------------------------

/** Deals the active sequencers over the tokens in turn, then shuffles. */
function dealTokens(active: readonly NodeId[], count: number, out: ControllerEffects): NodeId[] {
  return shuffle(
    Array.from({ length: count }, (_, k) => active[k % active.length]!),
    out,
  );
}

/** Fisher and Yates. */
function shuffle<T>(list: readonly T[], out: ControllerEffects): T[] {
  const shuffled = [...list];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = out.choose(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}
