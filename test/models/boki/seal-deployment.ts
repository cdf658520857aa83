/**
 * The sequencers of one log, the controller and a log like ZooKeeper's, stepped by hand: no clock, and every message is delivered,
 * lost or doubled when the test says so. So a list of actions is a schedule.
 */

import { controller } from "../../../models/boki/controller.ts";
import { NO_DEFECTS } from "../../../models/boki/defects.ts";
import { type NodeId, sequencerOf } from "../../../models/boki/identifiers.ts";
import type { BokiMessage, FinalLog, ZooKeeperEvent } from "../../../models/boki/messages.ts";
import type { CutEntry, MetalogEntry } from "../../../models/boki/metalog.ts";
import { slice } from "../../../models/boki/metalog-window.ts";
import { type SequencerState, sequencer } from "../../../models/boki/sequencer.ts";
import type { View } from "../../../models/boki/view.ts";
import type { Address } from "../../../sim/machine.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";
import { type FakeEffects, fakeEffects, takeSent } from "./fake-effects.ts";
import { directoryOf, engineAt, ids, sequencerAt, storageAt, told, viewSpec, ZOOKEEPER } from "./nodes.ts";

export interface SealOptions {
  /** Sequencers of the log, all of which hold its metalog. */
  readonly replicas: number;
  readonly sealTailEntries: number;
  readonly mutation: number;
}

/** `pick` chooses among what there is: a message, a node; taken modulo how many there are. */
export interface Action {
  readonly kind:
    | "append"
    | "cut"
    | "trim"
    | "deliver"
    | "lose"
    | "double"
    | "tell"
    | "repair"
    | "crash"
    | "freeze";
  readonly pick: number;
}

interface Flight {
  readonly from: Address;
  readonly to: Address;
  readonly message: BokiMessage;
}

interface Process {
  readonly address: Address;
  readonly out: FakeEffects;
  receive(from: Address, message: BokiMessage): void;
  /** How much of ZooKeeper's log it has been told. */
  told: number;
  crashed: boolean;
}

interface SequencerProcess extends Process {
  readonly id: NodeId;
  readonly state: SequencerState;
}

export interface SealDeployment {
  act(action: Action): void;
  /** From here on nothing is lost: ends the view, and lets everything that is under way come to rest. */
  settle(): void;
  /** How the log ends, as ZooKeeper has it; undefined: its view was not sealed. */
  end(): FinalLog | undefined;
  /** Entries that a quorum of the sequencers has acknowledged, by what they themselves have said; the primary counts as one. */
  acknowledged(): readonly CutEntry[];
  /** Entries that the primary has made, */
  made(): readonly CutEntry[];
  /** and those it took for committed. */
  committed(): readonly CutEntry[];
  /** What each sequencer that is left holds of the log, and whether it is through with it. */
  copies(): readonly {
    readonly id: NodeId;
    readonly entries: readonly MetalogEntry[];
    readonly ended: boolean;
  }[];
}

/** Rounds of deliveries and repairs in which everything comes to rest; a fetch asks another sequencer in each. */
const ROUNDS = 40;

export function sealDeployment({ replicas, sealTailEntries, mutation }: SealOptions): SealDeployment {
  const log: ZooKeeperEvent[] = [];
  const names = new Set<string>();
  let flights: Flight[] = [];
  const nodeIds = ids(replicas);
  const directory = directoryOf(viewSpec({ sequencers: nodeIds }));
  const base = { zooKeeper: ZOOKEEPER, sessionTimeoutNanos: SECOND, mutation, defects: NO_DEFECTS };

  const nodes = nodeIds.map((id): SequencerProcess => {
    const out = fakeEffects({ self: sequencerAt(id) });
    const config = {
      ...base,
      id,
      repairIntervalNanos: MILLISECOND,
      globalCutNanos: MILLISECOND,
      sealTailEntries,
      threads: 1,
    };
    const state = sequencer.start(config, out);
    const receive = (from: Address, message: BokiMessage) => sequencer.receive(state, from, message, out);
    return { id, address: out.self, state, out, receive, told: 0, crashed: false };
  });
  const boss = ((): Process => {
    const out = fakeEffects({ self: 1 });
    const config = {
      ...base,
      ...{ metalogReplicas: replicas, userlogReplicas: 3, indexReplicas: 3, physicalLogs: 1, hashTokens: 8 },
      ...{ engines: 3, storages: 3, sequencers: replicas },
    };
    const state = controller.start(config, out);
    const receive = (from: Address, message: BokiMessage) => controller.receive(state, from, message, out);
    return { address: out.self, out, receive, told: 0, crashed: false };
  })();
  const all: readonly Process[] = [boss, ...nodes];
  for (const { out } of all) takeSent(out);
  for (const process of all) {
    const message = told(process.address, [{ topic: "node", directory }]);
    process.receive(ZOOKEEPER, message);
  }
  log.push({ topic: "command", command: "start" });
  settleMessages();
  for (const process of all) tellAll(process);
  const view = log.flatMap((event) =>
    event.topic === "view" && event.phase === "new" ? [event.view] : [],
  )[0] as View;
  const [logspace] = view.logspaces as [number];
  const primary = nodes.find(({ id }) => id === sequencerOf(logspace))!;
  const counts = view.engines.map(() => 0);
  let trims = 0;

  /** What processes have sent since the last time is under way; ZooKeeper takes requests in at once. */
  function collect(): void {
    for (const { out, address, crashed } of all) {
      for (const { to, message } of takeSent(out)) {
        if (crashed) continue;
        if (to === ZOOKEEPER && message.kind === "zkCreate") create(address, message);
        else if (to !== ZOOKEEPER) flights.push({ from: address, to, message });
      }
    }
  }

  function create(from: Address, { request, name, event }: Extract<BokiMessage, { kind: "zkCreate" }>): void {
    flights.push({ from: ZOOKEEPER, to: from, message: { kind: "zkCreated", boot: 0, request } });
    if (name !== undefined && names.has(name)) return;
    if (name !== undefined) names.add(name);
    log.push(event);
  }

  function receive({ from, to, message }: Flight): void {
    const process = all.find(({ address }) => address === to);
    if (process !== undefined && !process.crashed) process.receive(from, message);
  }

  function tell(process: Process): void {
    const event = log[process.told];
    if (event === undefined || process.crashed) return;
    process.receive(ZOOKEEPER, told(process.address, [event], process.told));
    process.told++;
    collect();
  }

  function tellAll(process: Process): void {
    while (!process.crashed && process.told < log.length) tell(process);
  }

  function settleMessages(): void {
    for (const process of all) tellAll(process);
    collect();
    while (flights.length > 0) {
      for (const flight of flights.splice(0)) receive(flight);
      collect();
      for (const process of all) tellAll(process);
    }
  }

  function expire(node: SequencerProcess, timer: string): void {
    if (node.crashed || !node.out.timers.delete(timer)) return;
    sequencer.timeout(node.state, timer, node.out);
  }

  /** Between sequencers; what ZooKeeper says comes in the end, because a session asks again. */
  const isLossy = ({ from }: Flight): boolean => from !== ZOOKEEPER;

  return {
    act({ kind, pick }) {
      const flight = flights[pick % Math.max(1, flights.length)];
      const node = nodes[pick % nodes.length]!;
      switch (kind) {
        case "append": {
          counts[pick % counts.length]!++;
          for (const storage of view.storages) {
            const message = { kind: "shardProgress", logspace, storage, counts: [...counts] } as const;
            flights.push({ from: storageAt(storage), to: primary.address, message });
          }
          break;
        }
        case "cut":
          expire(primary, "globalCut");
          break;
        case "trim": {
          const trim = { engine: 1, op: ++trims, logBook: 1, tag: 0, seqnum: 0 };
          flights.push({
            from: engineAt(1),
            to: primary.address,
            message: { kind: "trimRequest", logspace, trim },
          });
          break;
        }
        case "deliver":
          if (flight === undefined) break;
          flights = flights.filter((each) => each !== flight);
          receive(flight);
          break;
        case "lose":
          if (flight !== undefined && isLossy(flight)) flights = flights.filter((each) => each !== flight);
          break;
        case "double":
          if (flight !== undefined && isLossy(flight)) flights.push({ ...flight });
          break;
        case "tell":
          tell(all[pick % all.length]!);
          break;
        case "repair":
          expire(node, "repair");
          break;
        case "crash":
          // As many as a seal survives: floor(R/2) of them.
          if (nodes.filter(({ crashed }) => crashed).length < Math.floor(replicas / 2)) node.crashed = true;
          break;
        case "freeze":
          if (!log.some(({ topic }, i) => topic === "command" && i > 0))
            log.push({ topic: "command", command: "reconfigure", sequencers: undefined });
          break;
      }
      collect();
    },

    settle() {
      this.act({ kind: "freeze", pick: 0 });
      for (let round = 0; round < ROUNDS; round++) {
        settleMessages();
        for (const node of nodes) expire(node, "repair");
        collect();
      }
    },

    end: () =>
      log.flatMap((event) => (event.topic === "view" && event.phase === "finalize" ? event.logs : []))[0],

    acknowledged() {
      const positions = nodes.map((node) =>
        node === primary
          ? made().length
          : Math.max(0, ...observed(node, "acknowledged").map(({ position }) => position)),
      );
      const quorum = Math.floor(replicas / 2) + 1;
      return made().filter(({ position }) => positions.filter((end) => end > position).length >= quorum);
    },

    made,

    committed: () => observed(primary, "propagated").map(({ entry }) => entry),

    copies: () =>
      nodes
        .filter(({ crashed }) => !crashed)
        .map((node) => {
          const { primaries, backups } = node.state;
          const window = primaries.get(logspace)?.window ?? backups.get(logspace)?.window;
          const ended = observed(node, "ended").some(({ log: of }) => of.logspace === logspace);
          return {
            id: node.id,
            entries: window === undefined ? [] : slice(window, 0, Number.MAX_SAFE_INTEGER),
            ended,
          };
        }),
  };

  function made(): CutEntry[] {
    return observed(primary, "cutMade").map(({ entry }) => entry);
  }
}

type Seen = {
  acknowledged: { readonly position: number };
  propagated: { readonly entry: CutEntry };
  cutMade: { readonly entry: CutEntry };
  ended: { readonly log: FinalLog };
};

function observed<Kind extends keyof Seen>({ out }: Process, kind: Kind): Seen[Kind][] {
  return out.observed.filter((each) => each.kind === kind) as unknown as Seen[Kind][];
}
