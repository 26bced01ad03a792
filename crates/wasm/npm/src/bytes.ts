// A module that is there as text.

/** A loop: `Uint8Array.from` takes ten times as long. */
export function moduleFrom(base64: string): WebAssembly.Module {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < bytes.length; place += 1) bytes[place] = binary.charCodeAt(place);
  return new WebAssembly.Module(bytes);
}
