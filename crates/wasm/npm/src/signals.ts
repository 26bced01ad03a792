// The signals that calls are under. However many calls one signal has, it has one listener of ours, and none when they are over:
// Node warns of more than ten on one.

/** What is taken back when its signal is aborted. */
export interface Cancellable { cancel(reason: unknown): void }

class Watched {
  #calls = new Set<Cancellable>();

  constructor(private readonly signal: AbortSignal) {}

  add(call: Cancellable): void {
    if (this.#calls.size === 0) this.signal.addEventListener("abort", this);
    this.#calls.add(call);
  }
  remove(call: Cancellable): void {
    if (this.#calls.delete(call) && this.#calls.size === 0) this.signal.removeEventListener("abort", this);
  }
  handleEvent(): void {
    const reason: unknown = this.signal.reason;
    for (const call of [...this.#calls]) {
      try {
        call.cancel(reason);
      } catch (error) {
        // As of listeners of their own: one that throws keeps nobody else from hearing.
        queueMicrotask(() => { throw error; });
      }
    }
  }
}

const all = new WeakMap<AbortSignal, Watched>();

/** `call` is cancelled when `signal` is aborted, until it says that it is over. */
export function follow(signal: AbortSignal, call: Cancellable): void {
  let watched = all.get(signal);
  if (watched === undefined) all.set(signal, (watched = new Watched(signal)));
  watched.add(call);
}

export function unfollow(signal: AbortSignal, call: Cancellable): void {
  all.get(signal)?.remove(call);
}
