/** Changing a field by its path: `boki.localCut=100us`, `workload.producers.recordSize=2KiB`, `expect.0=...`. */

import { parseDocument } from "yaml";
import { suggestion } from "./problems.ts";
import type { Path } from "./source.ts";

export type Applied =
  | { readonly ok: true; readonly path: Path }
  | { readonly ok: false; readonly reason: string };

/** Sets the field that a dotted path leads to, in place. Entries of a list go by number, from 0, or by name. */
export function applySetting(content: Record<string, unknown>, dotted: string, value: unknown): Applied {
  const steps = dotted.trim().split(".");
  if (steps.some((step) => step === "" || step === "__proto__"))
    return wrong(`"${dotted}" is not the path of a field`);
  const path: (string | number)[] = [];
  let at: Record<string, unknown> | unknown[] = content;
  for (const [i, step] of steps.entries()) {
    const key: string | number | undefined = Array.isArray(at) ? entryOf(at, step) : step;
    if (key === undefined) {
      const names = (at as unknown[]).map((entry, index) => nameOf(entry) ?? String(index));
      return wrong(`${path.join(".")} has no entry "${step}"${suggestion(step, names, "it has")}`);
    }
    path.push(key);
    const holder = at as Record<string | number, unknown>;
    if (i === steps.length - 1) {
      // As in a file, nothing means the default.
      if (value === null && !Array.isArray(at)) delete holder[key];
      else holder[key] = structuredClone(value);
      return { ok: true, path };
    }
    const next: unknown = Object.hasOwn(holder, key) ? holder[key] : undefined;
    if (next === undefined) holder[key] = {};
    else if (typeof next !== "object" || next === null)
      return wrong(`${path.join(".")} is one value and has no fields`);
    at = holder[key] as Record<string, unknown> | unknown[];
  }
  return wrong(`"${dotted}" is not the path of a field`);
}

/** Splits `path=value` and reads the value as YAML. */
export function readSetting(
  text: string,
):
  | { readonly ok: true; readonly path: string; readonly value: unknown }
  | { readonly ok: false; readonly reason: string } {
  const split = text.indexOf("=");
  if (split < 1) return wrong("has the form path=value, such as boki.globalCut=100us");
  const document = parseDocument(text.slice(split + 1), { prettyErrors: false });
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) return wrong(`the value is not valid YAML: ${error.message}`);
  try {
    return { ok: true, path: text.slice(0, split), value: document.toJS({ maxAliasCount: 0 }) };
  } catch {
    return wrong("the value must not have aliases");
  }
}

function entryOf(list: readonly unknown[], step: string): number | undefined {
  const named = list.findIndex((entry) => nameOf(entry) === step);
  if (named >= 0) return named;
  return /^\d+$/.test(step) && Number(step) < list.length ? Number(step) : undefined;
}

function nameOf(entry: unknown): string | undefined {
  if (typeof entry !== "object" || entry === null || !Object.hasOwn(entry, "name")) return undefined;
  const { name } = entry as { name: unknown };
  return typeof name === "string" || typeof name === "number" ? String(name) : undefined;
}

const wrong = (reason: string): { readonly ok: false; readonly reason: string } => ({ ok: false, reason });
