// A signal that is made when somebody reads it, which few do.

export class Abortable {
  #controller: AbortController | undefined;
  #ended: { reason: unknown } | undefined;

  /** Aborted when what it belongs to is given up. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#ended !== undefined) this.#controller.abort(this.#ended.reason);
    }
    return this.#controller.signal;
  }

  /** It is given up: whoever listens to its signal hears why. */
  static end(owner: Abortable, reason: unknown): void {
    owner.#ended = { reason };
    owner.#controller?.abort(reason);
  }
}
