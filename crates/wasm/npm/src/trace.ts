// Decisions on their way to whoever listens.

import { machines, read, write } from "./engine.js";
import type { Ms, TraceEntry } from "./types.js";

const STARTED = 1;
const SUCCEEDED = 2;
const INNER_RETRIES = 4;

/** The two events that every call has: their reason and their sentence are made when somebody reads them. */
class Told implements TraceEntry {
  readonly at: Ms;
  readonly what: string;
  readonly call: string;
  readonly attempt: number;
  #words: { why: Record<string, unknown>; text: string } | undefined;

  readonly #kind: number;
  readonly #numbers: number[];

  constructor(kind: number, numbers: number[], family: string) {
    this.#kind = kind;
    this.#numbers = numbers;
    this.at = read(1) / 1000;
    this.what = kind === STARTED ? "attempt_started" : "attempt_succeeded";
    this.call = `${family}${read(2)}`;
    this.attempt = read(3);
  }

  #read(): { why: Record<string, unknown>; text: string } {
    if (this.#words === undefined) {
      write(this.#numbers, 4);
      this.#words = JSON.parse(machines.event_words(this.#kind)) as TraceEntry;
    }
    return this.#words;
  }

  get why(): Record<string, unknown> {
    return this.#read().why;
  }
  get text(): string {
    return this.#read().text;
  }
  toJSON(): TraceEntry {
    const { at, what, why, text, call, attempt } = this;
    return { at, what, why, text, call, attempt };
  }
}

/** What was decided in the last step. To be fetched before the next. `family` tells calls of one machine of a guard from those
 *  of another, which count from 1 too. */
export function decisions(family: string): TraceEntry[] {
  const entries: TraceEntry[] = [];
  for (let kind = machines.event_next(); kind !== 0; kind = machines.event_next()) {
    if (kind === STARTED) entries.push(new Told(kind, [read(4), read(5), read(6)], family));
    else if (kind === SUCCEEDED) entries.push(new Told(kind, [read(4)], family));
    else entries.push(named(JSON.parse(machines.event_json()) as TraceEntry, family));
  }
  return entries;
}

function named(entry: TraceEntry, family: string): TraceEntry {
  if (entry.call !== undefined) entry.call = family + entry.call;
  return entry;
}

/** Something around a guarded call tries again too, and says so. */
export function innerRetries(at: Ms, attempts: number): TraceEntry {
  write([attempts], 4);
  return { ...(JSON.parse(machines.event_words(INNER_RETRIES)) as TraceEntry), at };
}
