// Listeners: called in the order in which they came, whatever one of them throws.

/** Whoever listens, and what happens when the first comes and the last goes. */
export class Listeners<T> {
  #all: ((value: T) => void)[] = [];

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
    for (const listener of this.#all) {
      try {
        listener(value);
      } catch (error) {
        // It must not touch the call it only watches, and somebody should learn of it.
        console.error("steadfast: a listener threw", error);
      }
    }
  }
}
