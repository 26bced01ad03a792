// Idempotency keys. They have to differ between processes, so they come from no seed.

/** What all keys of one guard begin with; made when the first is read. */
export function freshRun(): string {
  const words = crypto.getRandomValues(new Uint32Array(2));
  return Array.from(words, word => word.toString(16).padStart(8, "0")).join("");
}

/** The key of one call, as the engine writes them. */
export function keyOf(run: string, call: number): string {
  return `run-${run}-call-${call}`;
}
