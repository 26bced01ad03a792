// A stream as whoever called reads it: what is pushed comes out, and nobody who is slow to read holds up the limits that are
// for the server.
//
// Nothing here holds the stream itself while nobody reads from it: one that is dropped goes, and whoever fills it hears so.

const dropped = /* @__PURE__ */ new FinalizationRegistry<() => void>(cancel => cancel());

export class Shown<T> {
  #parts: T[] = [];
  #size = 0;
  #over = false;
  #failure: { error: unknown } | undefined;
  /** Hands on to the one who waits for a part. */
  #wanted: (() => void) | undefined;
  /** Lets the one on who waits for room. */
  #taken: (() => void) | undefined;

  /** `ahead` is how much is read ahead of whoever reads, each part being of its `size`; `cancelled` hears that nobody reads any more. */
  constructor(private readonly cancelled: () => void, private readonly ahead: number, private readonly size: (part: T) => number) {}

  /** The stream, to be had once. */
  open(): ReadableStream<T> {
    const cancel = () => this.#cancel();
    const body = new ReadableStream<T>({ pull: controller => this.#give(controller), cancel }, { highWaterMark: 0 });
    dropped.register(body, cancel);
    return body;
  }

  push(part: T): void {
    if (this.#over) return;
    this.#parts.push(part);
    this.#size += this.size(part);
    this.#wanted?.();
  }
  /** A body of nothing but this. */
  alone(part: T): ReadableStream<T> {
    this.push(part);
    this.end();
    return this.open();
  }
  end(): void {
    this.#over = true;
    this.#wanted?.();
    this.#taken?.();
  }
  /** What came before is read first. */
  fail(error: unknown): void {
    if (!this.#over) this.#failure = { error };
    this.end();
  }
  /** Resolves when there is room for more. */
  room(): Promise<void> | undefined {
    if (this.#over || this.#size < this.ahead) return undefined;
    return new Promise(resolve => {
      this.#taken = () => {
        this.#taken = undefined;
        resolve();
      };
    });
  }

  #give(controller: ReadableStreamDefaultController<T>): Promise<void> | void {
    if (this.#parts.length > 0) {
      const part = this.#parts.shift()!;
      this.#size -= this.size(part);
      if (this.#size < this.ahead) this.#taken?.();
      return controller.enqueue(part);
    }
    if (this.#failure !== undefined) return controller.error(this.#failure.error);
    if (this.#over) return controller.close();
    return new Promise(resolve => {
      this.#wanted = () => {
        this.#wanted = undefined;
        resolve(this.#give(controller));
      };
    });
  }

  #cancel(): void {
    if (this.#over) return;
    this.#parts = [];
    this.#wanted = undefined;
    this.end();
    this.cancelled();
  }
}
