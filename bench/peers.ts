/**
 * The programs that bokisim is measured against, each a process of its own that times itself. A peer that is not there
 * is reported as not installed and never an error.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Contender, Round } from "./suite.ts";

const PEERS = join(import.meta.dirname, "peers");
const BUILD = join(import.meta.dirname, "build");

type Mode = "hold" | "phold" | "mm1";

/** C++ with std::priority_queue and no framework: what one writes when only speed counts. */
export function cpp(mode: Mode, pending: number, count: number): Contender {
  return {
    program: "C++ priority_queue",
    round() {
      const program = cppProgram("hold");
      return program === undefined ? undefined : roundOf(program, [mode, String(pending), String(count)]);
    },
  };
}

/** Porcupine's algorithm on a history of a register in a file; its result is 1, 0, or -1 when it gives up. */
export function wgl(file: string, configurationsMax: number): Contender {
  return {
    program: "Porcupine's algorithm, C++",
    round() {
      const program = cppProgram("wgl");
      return program === undefined ? undefined : roundOf(program, [file, String(configurationsMax)]);
    },
  };
}

/** SimPy, version 2 as Debian 12 ships it (python3-simpy) or a later one, with a Python process per activity. */
export function simpy(mode: Mode, pending: number, count: number): Contender {
  return {
    program: "SimPy",
    round() {
      const python = pythonWithSimpy();
      const script = join(PEERS, "hold_simpy.py");
      return python === undefined
        ? undefined
        : roundOf(python, [script, mode, String(pending), String(count)]);
    },
  };
}

/** Every peer prints one line: how many it did, the CPU seconds it took, and the result to check. */
function roundOf(program: string, parameters: string[]): Round {
  const { stdout, stderr, status } = spawnSync(program, parameters, { encoding: "utf8" });
  const [count, cpuSeconds, result] = stdout.split(" ").map(Number);
  if (status !== 0 || result === undefined)
    throw new Error(`${program} ${parameters.join(" ")} failed: ${stderr}`);
  return { count: count!, cpuSeconds: cpuSeconds!, result };
}

const builtCpp = new Map<string, string | undefined>();

/** Compiles a program when its source has changed since, with g++ or what CXX names. */
function cppProgram(name: string): string | undefined {
  if (builtCpp.has(name)) return builtCpp.get(name);
  const source = join(PEERS, `${name}.cpp`);
  const program = join(BUILD, name);
  if (!existsSync(program) || statSync(program).mtimeMs < statSync(source).mtimeMs) {
    mkdirSync(BUILD, { recursive: true });
    const { error, status, stderr } = spawnSync(process.env.CXX ?? "g++", ["-O3", "-o", program, source], {
      encoding: "utf8",
    });
    if (error !== undefined) {
      builtCpp.set(name, undefined);
      return undefined;
    }
    if (status !== 0) throw new Error(`g++ cannot compile ${source}: ${stderr}`);
  }
  builtCpp.set(name, program);
  return program;
}

let foundPython: string | undefined | "untried" = "untried";

function pythonWithSimpy(): string | undefined {
  if (foundPython === "untried") {
    // The distribution's own Python comes first: it is the one that has the distribution's SimPy.
    foundPython = ["/usr/bin/python3", "python3"].find(
      (python) =>
        spawnSync(python, ["-c", "try:\n import simpy\nexcept ImportError:\n import SimPy"]).status === 0,
    );
  }
  return foundPython;
}
