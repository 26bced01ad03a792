// A stream as whoever called reads it: what is pushed comes out, and nobody who is slow to read holds up the limits that are
// for the server.

export class Shown<T> {
  readonly body: ReadableStream<T>;
  #controller!: ReadableStreamDefaultController<T>;
  #pulled: (() => void) | undefined;
  #over = false;
  #failure: { error: unknown } | undefined;
  #ahead: number;

  /** `ahead` is how much is read ahead of whoever reads, each part being of its `size`. */
  constructor(cancelled: () => void, ahead: number, size: (part: T) => number) {
    this.#ahead = ahead;
    this.body = new ReadableStream<T>(
      {
        start: controller => void (this.#controller = controller),
        pull: () => {
          this.#pulled?.();
          this.#failIfRead();
        },
        cancel: () => {
          this.#over = true;
          this.#pulled?.();
          cancelled();
        },
      },
      { highWaterMark: ahead, size },
    );
  }

  push(part: T): void {
    if (!this.#over) this.#controller.enqueue(part);
  }
  /** A body of nothing but this. */
  alone(part: T): ReadableStream<T> {
    this.push(part);
    this.end();
    return this.body;
  }
  end(): void {
    if (!this.#over) this.#controller.close();
    this.#over = true;
  }
  fail(error: unknown): void {
    if (!this.#over) this.#failure = { error };
    this.#over = true;
    this.#pulled?.();
    this.#failIfRead();
  }
  /** A stream that fails forgets what nobody has read yet: that has to be read first. */
  #failIfRead(): void {
    if (this.#failure !== undefined && this.#controller.desiredSize === this.#ahead) this.#controller.error(this.#failure.error);
  }
  /** Resolves when there is room for more. */
  room(): Promise<void> | undefined {
    if (this.#over || this.#controller.desiredSize! > 0) return undefined;
    return new Promise(resolve => {
      this.#pulled = () => {
        this.#pulled = undefined;
        resolve();
      };
    });
  }
}
