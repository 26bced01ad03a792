// Listeners: called in the order in which they came, whatever one of them throws.

/** Whoever listens, and what happens when the first comes and the last goes. */
export class Listeners<T> {
  #all: ((value: T) => unknown)[] = [];

  constructor(private readonly changed: (listening: boolean) => void) {}

  get any(): boolean {
    return this.#all.length > 0;
  }

  add(listener: (value: T) => void): () => void {
    // One function may listen twice, and is taken back once each time.
    const own = (value: T) => listener(value);
    this.#all = [...this.#all, own];
    if (this.#all.length === 1) this.changed(true);
    return () => {
      if (!this.#all.includes(own)) return;
      this.#all = this.#all.filter(other => other !== own);
      if (this.#all.length === 0) this.changed(false);
    };
  }

  tell(value: T): void {
    for (const listener of this.#all) told(listener, value);
  }
}

/** Tells one who listens, whatever comes of it. */
export function told<T>(listener: (value: T) => unknown, value: T): void {
  try {
    const done: unknown = listener(value);
    if (done instanceof Promise) done.catch(threw);
  } catch (error) {
    threw(error);
  }
}

/** It must not touch the call it only watches, and somebody should learn of it. */
function threw(error: unknown): void {
  console.error("steadfast: a listener threw", error);
}
