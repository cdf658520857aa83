/**
 * From an application file, whose form is right, to the compiled form that models run: names become numbers, nested steps a list
 * with jumps. Names that stand for nothing, and steps that cannot be, are findings at their places.
 */

import type {
  Amount,
  Application,
  Code,
  Instruction,
  Language,
  LogOperationName,
  LogPlace,
  MethodSpec,
  RequestSpec,
} from "../../models/applications/application.ts";
import { COMMANDS, WORKS } from "../../models/applications/costs.ts";
import type { Distribution } from "../../sim/distribution.ts";
import type { Finding } from "../findings.ts";
import { suggestion } from "../problems.ts";
import type { Path } from "../source.ts";
import type { ApplicationFields, WrittenAmount, WrittenCall, WrittenStep } from "./schema.ts";

/** Calls below a call, at most: deeper ones are taken to call themselves for ever. */
const DEPTH_MAX = 64;

/** Where an operation of the log is, if the file does not say. */
const PLACES: Readonly<Record<LogOperationName, LogPlace>> = {
  append: "tail",
  readNext: "start",
  readNextBlock: "start",
  readPrev: "tail",
  checkTail: "tail",
  setAuxData: "found",
  trim: "found",
};

export type Compiled =
  | { readonly ok: true; readonly application: Application }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** What clients ask for is that of one mix; undefined: the only one there is, or every request alike where there is none. */
export function compileApplication(fields: ApplicationFields, mix: string | undefined): Compiled {
  return new Compiler(fields).compile(mix);
}

class Compiler {
  private readonly fields: ApplicationFields;
  private readonly findings: Finding[] = [];
  private readonly variables: string[];
  private readonly stores: string[];
  private readonly queues: string[];
  private readonly methods: { readonly name: string; readonly fn: number; readonly path: Path }[] = [];
  /** By method: those that it may call. */
  private readonly callees = new Map<number, { readonly method: number; readonly path: Path }[]>();
  /** The method, language and number of `once` steps of the body that is being compiled. */
  private method = -1;
  private language: Language | undefined;
  private onces = 0;

  constructor(fields: ApplicationFields) {
    this.fields = fields;
    this.variables = Object.keys(fields.variables);
    this.stores = Object.keys(fields.stores);
    this.queues = Object.keys(fields.queues);
    Object.entries(fields.functions).forEach(([name, { methods }], fn) => {
      for (const method of Object.keys(methods)) {
        this.methods.push({
          name: `${name}.${method}`,
          fn,
          path: ["functions", name, "methods", method],
        });
      }
    });
    this.collectDrawn();
  }

  compile(mix: string | undefined): Compiled {
    const { fields } = this;
    const functions = Object.entries(fields.functions);
    const methods = this.methods.map(({ name, fn, path }, number): MethodSpec => {
      const [, { language, methods: bodies }] = functions[fn]!;
      const { output, steps } = bodies[String(path.at(-1))]!;
      this.method = number;
      this.language = language;
      return {
        name,
        fn,
        code: this.body(steps, [...path, "steps"]),
        outputBytes: this.amount(output, [...path, "output"]),
      };
    });
    this.method = -1;
    this.language = undefined;
    const queues = Object.entries(fields.queues).map(([name, { machine, consumer }]) => ({
      name,
      machine,
      consumer: {
        name: consumer.name,
        threads: consumer.threads,
        code: this.body(consumer.steps, ["queues", name, "consumer", "steps"]),
      },
    }));
    const draws = Object.entries(fields.variables).map(([name, value]) => ({
      variable: this.variables.indexOf(name),
      value,
    }));
    const requests = Object.entries(fields.requests).map(([name, { call, web, input }]): RequestSpec => {
      const path: Path = ["requests", name];
      const common = { name, draws, inputBytes: this.amount(input, [...path, "input"]) };
      if (web !== undefined) {
        return { ...common, entry: "web", code: this.body(web, [...path, "web"]), method: 0 };
      }
      return {
        ...common,
        entry: "direct",
        code: [],
        method: this.methodOf(call!, [...path, "call"]),
        inputBytes: this.amount(call!.input, [...path, "call"]),
      };
    });
    this.checkRecursion();
    if (requests.length === 0)
      this.find(["requests"], "must have an entry: without requests nothing happens");
    const application: Application = {
      name: fields.name,
      functions: functions.map(([name, { language, minWorkers, maxWorkers }]) => ({
        name,
        language,
        minWorkers,
        maxWorkers,
      })),
      methods,
      stores: Object.entries(fields.stores).map(([name, { kind, machine }]) => ({ name, kind, machine })),
      queues,
      variables: this.variables,
      requests,
      mix: this.mixOf(mix),
      logBook: this.amount(fields.logBook, ["logBook"]),
    };
    const { findings } = this;
    return findings.length === 0 ? { ok: true, application } : { ok: false, findings };
  }

  private find(path: Path, message: string): void {
    this.findings.push({ path, message });
  }

  /** Variables that only bodies draw have a place, too. */
  private collectDrawn(): void {
    const add = (steps: readonly WrittenStep[]): void => {
      for (const { draw, parallel = [], branch, ifLast = [], once = [], repeat } of steps) {
        for (const name of Object.keys(draw ?? {})) {
          if (!this.variables.includes(name)) this.variables.push(name);
        }
        for (const inner of [
          ...parallel,
          branch?.steps ?? [],
          branch?.otherwise ?? [],
          ifLast,
          once,
          repeat?.steps ?? [],
        ])
          add(inner);
      }
    };
    const { functions, queues, requests } = this.fields;
    for (const { methods } of Object.values(functions))
      for (const { steps } of Object.values(methods)) add(steps);
    for (const { consumer } of Object.values(queues)) add(consumer.steps);
    for (const { web } of Object.values(requests)) add(web ?? []);
  }

  private mixOf(mix: string | undefined): number[] {
    const { mixes, requests } = this.fields;
    const names = Object.keys(requests);
    const mixNames = Object.keys(mixes);
    for (const [name, shares] of Object.entries(mixes)) {
      for (const request of Object.keys(shares)) {
        if (!names.includes(request)) {
          this.find(
            ["mixes", name, request],
            `there is no request "${request}"${suggestion(request, names, "there are")}`,
          );
        }
      }
      if (!Object.values(shares).some((share) => share > 0)) {
        this.find(["mixes", name], "one request must have a share of more than 0");
      }
    }
    const chosen = mix ?? (mixNames.length === 1 ? mixNames[0] : undefined);
    if (chosen === undefined) {
      if (mixNames.length > 1)
        this.find(["mixes"], `a workload has to choose one with "mix": ${mixNames.join(", ")}`);
      return names.map(() => 1);
    }
    const shares = mixes[chosen];
    if (shares === undefined) {
      this.find(["mixes"], `there is no mix "${chosen}"${suggestion(chosen, mixNames, "there are")}`);
      return [];
    }
    return names.map((name) => shares[name] ?? 0);
  }

  private amount(written: WrittenAmount, path: Path): Amount {
    let factor = 1;
    const variables: number[] = [];
    for (const each of written) {
      if (typeof each === "number") factor *= each;
      else {
        const variable = this.variables.indexOf(each);
        if (variable >= 0) variables.push(variable);
        else
          this.find(path, `there is no variable "${each}"${suggestion(each, this.variables, "there are")}`);
      }
    }
    return { factor, variables };
  }

  private methodOf({ to }: WrittenCall, path: Path): number {
    const method = this.methods.findIndex(({ name }) => name === to);
    if (method < 0) {
      const names = this.methods.map(({ name }) => name);
      this.find(path, `there is no method "${to}"${suggestion(to, names, "there are")}`);
      return 0;
    }
    if (this.method >= 0) {
      const callees = this.callees.get(this.method) ?? [];
      callees.push({ method, path });
      this.callees.set(this.method, callees);
    }
    return method;
  }

  /** A chain of calls that is too long calls itself: nothing that a branch decides could be known here. */
  private checkRecursion(): void {
    const cyclic = new Set<number>();
    const visit = (method: number, depth: number, onPath: Set<number>): void => {
      for (const callee of this.callees.get(method) ?? []) {
        if (onPath.has(callee.method) || depth > DEPTH_MAX) {
          if (cyclic.has(callee.method)) continue;
          cyclic.add(callee.method);
          this.find(
            callee.path,
            `${this.methods[callee.method]!.name} is called while it runs, by itself or through others; such calls may hold all workers and wait for ever`,
          );
          continue;
        }
        visit(callee.method, depth + 1, new Set([...onPath, callee.method]));
      }
    };
    for (let method = 0; method < this.methods.length; method++) visit(method, 0, new Set([method]));
  }

  private body(steps: readonly WrittenStep[], path: Path): Code {
    const code: Instruction[] = [];
    this.onces = 0;
    this.block(steps, path, code);
    code.push({ op: "end" });
    return code;
  }

  private block(steps: readonly WrittenStep[], path: Path, code: Instruction[]): void {
    steps.forEach((step, i) => {
      this.step(step, [...path, i], code);
    });
  }

  private step(step: WrittenStep, path: Path, code: Instruction[]): void {
    /** A place for an instruction that needs to know what comes behind it. */
    const reserve = () => code.push({ op: "end" }) - 1;
    if (step.work !== undefined) {
      const kinds = Object.keys(WORKS);
      for (const [work, amount] of Object.entries(step.work)) {
        const at: Path = [...path, "work", work];
        if (!kinds.includes(work))
          this.find(at, `there is no kind of work "${work}"${suggestion(work, kinds, "there are")}`);
        code.push({ op: "work", work, amount: this.amount(amount, at) });
      }
    } else if (step.call !== undefined || step.callAsync !== undefined) {
      const op = step.call === undefined ? "callAsync" : "call";
      const written = (step.call ?? step.callAsync)!;
      const at: Path = [...path, op];
      code.push({ op, method: this.methodOf(written, at), inputBytes: this.amount(written.input, at) });
    } else if (step.store !== undefined) {
      code.push(this.store(step.store, [...path, "store"]));
    } else if (step.publish !== undefined) {
      const { to, size } = step.publish;
      const queue = this.queues.indexOf(to);
      if (queue < 0) {
        this.find(
          [...path, "publish", "to"],
          `there is no queue "${to}"${suggestion(to, this.queues, "there are")}`,
        );
      }
      code.push({ op: "publish", queue, bytes: this.amount(size, [...path, "publish", "size"]) });
    } else if (step.log !== undefined) {
      code.push(this.log(step.log, [...path, "log"]));
    } else if (step.parallel !== undefined) {
      if (this.language === "cpp") {
        this.find(
          [...path, "parallel"],
          "C++ functions do one thing after the other: a worker has one thread that waits for each answer",
        );
      }
      const at = reserve();
      const branches = step.parallel.map((branch, i) => {
        const start = code.length;
        this.block(branch, [...path, "parallel", i], code);
        code.push({ op: "end" });
        return start;
      });
      code[at] = { op: "parallel", branches, behind: code.length };
    } else if (step.branch !== undefined) {
      const { share, steps, otherwise } = step.branch;
      const at = reserve();
      this.block(steps, [...path, "branch", "steps"], code);
      const jump = otherwise.length === 0 ? -1 : reserve();
      code[at] = {
        op: "branch",
        share: this.amount(share, [...path, "branch", "share"]),
        otherwise: code.length,
      };
      this.block(otherwise, [...path, "branch", "otherwise"], code);
      if (jump >= 0) code[jump] = { op: "jump", to: code.length };
    } else if (step.ifLast !== undefined) {
      const at = reserve();
      this.block(step.ifLast, [...path, "ifLast"], code);
      code[at] = { op: "ifLast", otherwise: code.length };
    } else if (step.once !== undefined) {
      const at = reserve();
      const once = this.onces++;
      this.block(step.once, [...path, "once"], code);
      code[at] = { op: "ifFirst", once, otherwise: code.length };
    } else if (step.repeat !== undefined) {
      const at = reserve();
      this.block(step.repeat.steps, [...path, "repeat", "steps"], code);
      code.push({ op: "next", back: at + 1 });
      code[at] = {
        op: "repeat",
        times: this.amount(step.repeat.times, [...path, "repeat", "times"]),
        behind: code.length,
      };
    } else {
      for (const [name, value] of Object.entries(step.draw!) as [string, Distribution][]) {
        code.push({ op: "draw", variable: this.variables.indexOf(name), value });
      }
    }
  }

  private log({ operation, tag, size, at }: NonNullable<WrittenStep["log"]>, path: Path): Instruction {
    if (this.method < 0) this.find(path, "only functions use the log: web servers and consumers call them");
    return {
      op: "log",
      operation,
      tag: this.amount(tag, [...path, "tag"]),
      bytes: this.amount(size, [...path, "size"]),
      place: at ?? PLACES[operation],
    };
  }

  private store(
    { to, command, units, request, reply, arrivalOf }: NonNullable<WrittenStep["store"]>,
    path: Path,
  ): Instruction {
    const store = this.stores.indexOf(to);
    if (store < 0) {
      this.find([...path, "to"], `there is no store "${to}"${suggestion(to, this.stores, "there are")}`);
    } else {
      const { kind } = this.fields.stores[to]!;
      const commands: readonly string[] = COMMANDS[kind];
      if (!commands.includes(command)) {
        this.find(
          [...path, "command"],
          `${to} is ${kind} and has no command "${command}"${suggestion(command, commands, "it has")}`,
        );
      }
    }
    const common = {
      op: "store" as const,
      store,
      command,
      units: this.amount(units, [...path, "units"]),
      requestBytes: this.amount(request, [...path, "request"]),
      replyBytes: this.amount(reply, [...path, "reply"]),
    };
    return arrivalOf === undefined ? common : { ...common, arrivalOf };
  }
}
