// Texts and bytes across the boundary: in as copies that WebAssembly owns, out as copies that it has given up.

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What a function returns: a number, a text, bytes. */
type Returns = 0 | 1 | 2;
type Numbers = (...given: unknown[]) => unknown;
/** What wasm-bindgen has each module export. */
interface Exports { memory: WebAssembly.Memory; __wbindgen_malloc(length: number, align: number): number; __wbindgen_free(at: number, length: number, align: number): void }

/** Makes a function that takes or gives texts of one that takes and gives numbers: where in memory, and how long. */
export function textsOf({ memory, __wbindgen_malloc: take, __wbindgen_free: free }: Exports): (call: Numbers, returns: Returns) => Numbers {
  const written = (value: unknown) => {
    const bytes = typeof value === "string" ? encoder.encode(value) : value;
    if (!(bytes instanceof Uint8Array)) return value;
    const at = take(bytes.length, 1) >>> 0;
    new Uint8Array(memory.buffer).set(bytes, at);
    return [at, bytes.length];
  };
  return (call, returns) => (...given) => {
    const result = call(...given.flatMap(written));
    if (returns === 0) return result;
    const [at, length] = result as [number, number];
    const bytes = new Uint8Array(memory.buffer).slice(at >>> 0, (at >>> 0) + length);
    free(at, length, 1);
    return returns === 1 ? decoder.decode(bytes) : bytes;
  };
}
