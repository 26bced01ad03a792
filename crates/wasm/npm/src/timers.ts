// Time: one heap of everything that is due on a clock, and one armed timer of the host for all of it.
//
// Arming and disarming a timer costs more than a whole decision. So the timer stays armed when nothing is due any more:
// the next call's deadline usually lies behind it, and the timer finds that out when it fires. Meanwhile it does not keep
// a process alive.

import type { Clock } from "./types.js";

/** Something that is due. */
export interface Due {
  /** When, in microseconds. */ at: number;
  /** Where it is in the heap; -1 for nowhere. */ place: number;
  due(now: number): void;
}

/** A timer of the host; browsers' are numbers. */
type HostTimer = number | { ref?(): void; unref?(): void };

/** `globalThis.performance` is a getter in Node, and slow. Whoever replaces it for a test replaces the timers too. */
let hosts = globalThis.performance;
let hostsTimeout = globalThis.setTimeout;

/** The longest wait that hosts take. */
const LONGEST_MS = 2 ** 31 - 1;

export class Timers {
  #heap: Due[] = [];
  /** Until when the host's timer sleeps; Infinity if it is not armed. */
  #armedFor = Infinity;
  #clock: Clock | undefined;
  #cancel: (() => void) | undefined;
  #timer: HostTimer | undefined;
  /** The function it was armed with: whoever replaces the host's timers replaces ours too. */
  #armedBy: typeof setTimeout | undefined;
  #quiet = false;
  #looking = false;
  #awake = false;
  /** Of a clock of the caller's own: the last that it said, and what it does wrong. */
  #last = 0;
  #scheduling = false;
  #early = false;
  #complained = false;

  constructor(clock?: Clock) {
    this.#clock = clock;
  }

  /** In whole microseconds, never later than it really is. */
  now(): number {
    if (this.#clock !== undefined) return this.#clocks(this.#clock);
    if (globalThis.setTimeout !== hostsTimeout) {
      hostsTimeout = globalThis.setTimeout;
      hosts = globalThis.performance;
    }
    return Math.floor(hosts.now() * 1000);
  }

  /** The instant of a clock of the caller's own. One that it does not say is the last that it said. */
  #clocks(clock: Clock): number {
    let said: unknown;
    try {
      said = clock.now();
      if (Number.isFinite(said)) return (this.#last = micros(said as number));
    } catch (error) {
      said = error;
    }
    this.#complain("now() did not say a finite number of milliseconds, and the last instant that it said is taken for now", said);
    return this.#last;
  }

  /** Has a clock of the caller's own wake us. Where it cannot the host does, so that whoever waits does not wait for ever. */
  #schedule(clock: Clock, at: number, now: number): void {
    this.#early = false;
    this.#scheduling = true;
    let cancel: unknown;
    try {
      cancel = clock.schedule(at / 1000, this.#wake);
      if (!this.#early) return void (this.#cancel = typeof cancel === "function" ? (cancel as () => void) : undefined);
      // Before it returned: of what is due that is only hasty, of what is not it would go on for ever.
      if (at > now) this.#complain("schedule(at, wake) called wake at once, before that instant: the host's timer is taken", at / 1000);
    } catch (error) {
      this.#complain("schedule(at, wake) threw: the host's timer is taken", error);
    } finally {
      this.#scheduling = false;
    }
    const timer = setTimeout(this.#wake, Math.min(Math.max(Math.ceil((at - now) / 1000), 1), LONGEST_MS));
    this.#cancel = () => clearTimeout(timer);
  }

  #complain(what: string, said: unknown): void {
    if (!this.#complained) console.error(`steadfast: clock.${what}`, said);
    this.#complained = true;
  }

  /** Puts something among what is due, or moves it. */
  set(due: Due, at: number, now: number): void {
    if (due.place >= 0) {
      if (due.at === at) return;
      this.remove(due);
    }
    if (at === Infinity) return;
    due.at = at;
    this.#rise(due, this.#heap.length);
    if (!this.#awake && (at < this.#armedFor || this.#armedBy !== globalThis.setTimeout || this.#quiet)) this.#arm(now);
  }

  remove(due: Due): void {
    const { place } = due;
    if (place < 0) return;
    due.place = -1;
    const last = this.#heap.pop()!;
    if (last !== due) {
      const before = this.#heap[(place - 1) >> 1];
      if (place > 0 && before !== undefined && last.at < before.at) this.#rise(last, place);
      else this.#sink(last, place);
    }
    if (this.#heap.length === 0 && !this.#awake) this.#rest();
  }

  #rise(due: Due, place: number): void {
    const heap = this.#heap;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above]!;
      if (parent.at <= due.at) break;
      heap[place] = parent;
      parent.place = place;
      place = above;
    }
    heap[place] = due;
    due.place = place;
  }

  #sink(due: Due, place: number): void {
    const heap = this.#heap;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && heap[below + 1]!.at < heap[below]!.at) below += 1;
      const child = heap[below]!;
      if (child.at >= due.at) break;
      heap[place] = child;
      child.place = place;
      place = below;
    }
    heap[place] = due;
    due.place = place;
  }

  /** Sees to it that the host wakes us when the first is due. */
  #arm(now: number): void {
    const first = this.#heap[0];
    if (first === undefined) return;
    if (this.#clock !== undefined) {
      if (first.at === this.#armedFor) return;
      this.#cancel?.();
      this.#armedFor = first.at;
      this.#armedBy = globalThis.setTimeout;
      this.#schedule(this.#clock, first.at, now);
      return;
    }
    if (this.#armedBy === globalThis.setTimeout && first.at >= this.#armedFor) {
      if (this.#quiet) this.#keepAlive(true);
      return;
    }
    // One of another world, a test's or the host's own, finds nothing due if it ever fires.
    if (this.#timer !== undefined && this.#armedBy === globalThis.setTimeout) clearTimeout(this.#timer as number);
    const wait = Math.ceil((first.at - now) / 1000);
    this.#armedBy = globalThis.setTimeout;
    this.#armedFor = wait > LONGEST_MS ? now + LONGEST_MS * 1000 : first.at;
    this.#timer = setTimeout(this.#wake, Math.min(Math.max(wait, 1), LONGEST_MS)) as unknown as HostTimer;
    this.#quiet = false;
  }

  /** Timers of the host fire early, and late: whatever is not due waits on. */
  #wake = (): void => {
    if (this.#scheduling) return void (this.#early = true);
    this.#armedFor = Infinity;
    this.#timer = this.#cancel = undefined;
    this.#awake = true;
    let now = this.now();
    try {
      for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
        this.remove(first);
        first.due(now);
        now = Math.max(now, this.now());
      }
    } finally {
      this.#awake = false;
      this.#arm(now);
    }
  };

  /** Nothing is due. */
  #rest(): void {
    if (this.#clock !== undefined) {
      this.#cancel?.();
      this.#cancel = undefined;
      this.#armedFor = Infinity;
    } else if (this.#timer !== undefined && !this.#looking && typeof setImmediate === "function") {
      // Not at once: in a loop of calls the next one follows in a moment.
      this.#looking = true;
      setImmediate(() => {
        this.#looking = false;
        if (this.#heap.length === 0) this.#keepAlive(false);
      });
    }
  }

  #keepAlive(yes: boolean): void {
    this.#quiet = !yes;
    const timer = this.#timer;
    if (typeof timer !== "object") return;
    if (yes) timer.ref?.();
    else timer.unref?.();
  }
}

/** The last microsecond that is not after `ms`. Of a clock that says 1.001, the product is a trifle less than 1001. */
function micros(ms: number): number {
  const near = Math.round(ms * 1000);
  return near / 1000 <= ms ? near : near - 1;
}

declare const setImmediate: ((callback: () => void) => unknown) | undefined;

const host = new Timers();
const others = /* @__PURE__ */ new WeakMap<Clock, Timers>();

/** The heap of a clock. Everything on one clock shares one. */
export function timersOf(clock: Clock | undefined): Timers {
  if (clock === undefined) return host;
  let timers = others.get(clock);
  if (timers === undefined) others.set(clock, (timers = new Timers(clock)));
  return timers;
}
