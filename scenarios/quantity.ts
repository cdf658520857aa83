/**
 * Quantities as people write them: `300us`, `1KiB`, `20k/s`, `10Gbps`, `95%`. A quantity always carries its unit, because
 * a bare 300 would be read as something else sooner or later.
 */

/** What can be measured, and the units it can be written in. */
export interface QuantityKind {
  /** As in "is not a time". */
  readonly noun: string;
  /** Factor of each unit to the unit of the parsed number, largest first; the last is that unit itself. */
  readonly units: Readonly<Record<string, number>>;
  /** Other spellings of units, never printed. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Units shown to a person who left the unit out. */
  readonly hints: readonly string[];
  readonly example: string;
  /** Whether the parsed number must be an integer. */
  readonly whole: boolean;
  /** Digits behind the point that printing may use. */
  readonly decimals: number;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  /** `reason` says what is wrong and what would be right, to be put behind what was found. */
  | { readonly ok: false; readonly reason: string };

/** In nanoseconds. */
export const TIME: QuantityKind = {
  noun: "a time",
  units: { h: 3_600_000_000_000, min: 60_000_000_000, s: 1_000_000_000, ms: 1_000_000, us: 1_000, ns: 1 },
  aliases: { µs: "us", μs: "us" },
  hints: ["us", "ms", "s"],
  example: "300us",
  whole: true,
  decimals: 1,
};

/** In nanoseconds and parts of them: what one byte costs is less than one. */
export const FINE_TIME: QuantityKind = { ...TIME, example: "1.5us", whole: false, decimals: 3 };

/** In bytes. */
export const SIZE: QuantityKind = {
  noun: "a size",
  units: {
    GiB: 1_073_741_824,
    GB: 1_000_000_000,
    MiB: 1_048_576,
    MB: 1_000_000,
    KiB: 1_024,
    KB: 1_000,
    B: 1,
  },
  aliases: { kB: "KB" },
  hints: ["B", "KiB", "MiB"],
  example: "1KiB",
  whole: true,
  decimals: 0,
};

/** Per second. */
export const RATE: QuantityKind = {
  noun: "a rate",
  units: { "M/s": 1_000_000, "k/s": 1_000, "/s": 1 },
  aliases: { "K/s": "k/s" },
  hints: ["/s", "k/s"],
  example: "20k/s",
  whole: false,
  decimals: 3,
};

/** In bits per second, as networks are measured. */
export const BIT_RATE: QuantityKind = {
  noun: "a bandwidth",
  units: {
    "GB/s": 8_000_000_000,
    Gbps: 1_000_000_000,
    "MB/s": 8_000_000,
    Mbps: 1_000_000,
    "KB/s": 8_000,
    Kbps: 1_000,
    "B/s": 8,
    bps: 1,
  },
  aliases: { kbps: "Kbps", "kB/s": "KB/s" },
  hints: ["Mbps", "Gbps"],
  example: "10Gbps",
  whole: true,
  decimals: 1,
};

/** In bytes per second, as disks are measured. */
export const BYTE_RATE: QuantityKind = {
  noun: "a bandwidth",
  units: {
    "GB/s": 1_000_000_000,
    "GiB/s": 1_073_741_824,
    Gbps: 125_000_000,
    "MiB/s": 1_048_576,
    "MB/s": 1_000_000,
    Mbps: 125_000,
    "KiB/s": 1_024,
    "KB/s": 1_000,
    "B/s": 1,
  },
  aliases: { GBps: "GB/s", MBps: "MB/s", "kB/s": "KB/s" },
  hints: ["MB/s", "GB/s"],
  example: "1GB/s",
  whole: true,
  decimals: 1,
};

/** A plain number: a factor. */
export const FACTOR: QuantityKind = {
  noun: "a factor",
  units: { "": 1 },
  aliases: {},
  hints: [],
  example: "0.97",
  whole: false,
  decimals: 9,
};

export const isUnitless = (kind: QuantityKind): boolean => Object.hasOwn(kind.units, "");

const NUMBER = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(.*)$/;
/** Products of a decimal fraction and a power of ten are off by a few units in the last place. */
const ROUNDING = 1e-15;

/** The number that a text stands for, in the last unit of its kind. */
export function parseQuantity(kind: QuantityKind, text: string): Parsed<number> {
  const notOne = `is not ${kind.noun}, such as ${isUnitless(kind) ? kind.example : `"${kind.example}"`}`;
  const match = NUMBER.exec(text.trim());
  if (match === null) return wrong(notOne);
  const [, digits = "", unit = ""] = match;
  if (unit === "" && !isUnitless(kind)) return wrong(needsUnit(kind, digits));
  const factor = Object.hasOwn(kind.units, unit)
    ? kind.units[unit]
    : Object.hasOwn(kind.aliases, unit)
      ? kind.units[kind.aliases[unit]!]
      : undefined;
  if (factor === undefined && isUnitless(kind)) return wrong(notOne);
  if (factor === undefined) {
    return wrong(
      `has the unknown unit "${unit}"; ${kind.noun} is in ${Object.keys(kind.units).reverse().join(", ")}`,
    );
  }
  const exact = Number(digits) * factor;
  const rounded = Math.round(exact);
  const isWhole = Math.abs(exact - rounded) <= (factor === 1 ? 0 : ROUNDING * Math.abs(exact));
  if (exact < 0) return wrong("must not be negative");
  if (exact > Number.MAX_SAFE_INTEGER) return wrong("is too large");
  if (kind.whole && !isWhole) {
    return wrong(
      `must be a whole number of ${kind.units === TIME.units ? "nanoseconds" : Object.keys(kind.units).at(-1)}`,
    );
  }
  // Adding 0 turns a negative zero into zero.
  return { ok: true, value: (isWhole ? rounded : exact) + 0 };
}

/** The shortest text that `parseQuantity` reads as this number. */
export function formatQuantity(kind: QuantityKind, value: number): string {
  const units = Object.entries(kind.units);
  for (const [unit, factor] of units) {
    const text = `${Number((value / factor).toFixed(kind.decimals))}${unit}`;
    if (value < factor || text.includes("e")) continue;
    const parsed = parseQuantity(kind, text);
    if (parsed.ok && parsed.value === value) return text;
  }
  return `${value}${units.at(-1)![0]}`;
}

/** A share of a whole, from 0 to 1: `95%` or 0.95. */
export function parseShare(found: unknown): Parsed<number> {
  const parsed = parseNumber(found);
  if (!parsed.ok) return wrong('is not a share, such as "95%" or 0.95');
  if (parsed.value < 0 || parsed.value > 1) return wrong("must be from 0% to 100%");
  return parsed;
}

/** A number, or a percentage for its hundredth. */
export function parseNumber(found: unknown): Parsed<number> {
  if (typeof found === "number" && Number.isFinite(found)) return { ok: true, value: found };
  const match = typeof found === "string" ? /^([+-]?\d+(?:\.\d+)?)\s*%$/.exec(found.trim()) : null;
  if (match === null) return wrong("is not a number");
  const value = hundredth(Number(match[1]));
  return Number.isFinite(value) ? { ok: true, value } : wrong("is too large");
}

/** 99.9 / 100 is not 0.999 in doubles; a person means that. */
export function hundredth(percent: number): number {
  return Number((percent / 100).toPrecision(15));
}

/** Prints a share so that `parseShare` reads the same. */
export function formatShare(share: number): string {
  const text = `${Number((share * 100).toFixed(6))}%`;
  const parsed = parseShare(text);
  return parsed.ok && parsed.value === share ? text : String(share);
}

function needsUnit(kind: QuantityKind, digits: string): string {
  const forms = kind.hints.map((unit) => `${digits}${unit}`);
  const others = forms.length > 1 ? `${forms.slice(0, -1).join(", ")} or ` : "";
  return `has no unit; ${kind.noun} is written as ${others}${forms.at(-1)}`;
}

function wrong(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
