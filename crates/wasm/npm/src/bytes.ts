// A module that is there as text. Base64 would hide from gzip what repeats itself in it: a third more to load.

/** How many characters stand for one byte each; after any other comes a second. */
const SINGLE = 90;
const CHARACTERS = 92;

/** The module in a text that `packed` in build.js has made: first all bytes that there are, each as two characters, the most frequent first;
 *  then the module's own, by their place among those. */
export function moduleFrom(text: string): WebAssembly.Module {
  const bytes = new Uint8Array(text.length);
  let place = 0;
  let length = 0;
  /** What a character stands for: those of ASCII in their order, without `"`, `<` and `\`. */
  const next = () => {
    const code = text.charCodeAt(place++);
    return code - 32 - Number(code > 34) - Number(code > 60) - Number(code > 92);
  };
  const pair = (first: number) => first * CHARACTERS + next();
  const often = new Uint8Array(256).map(() => pair(next()));
  while (place < text.length) {
    const first = next();
    bytes[length++] = often[first < SINGLE ? first : SINGLE + pair(first - SINGLE)]!;
  }
  return new WebAssembly.Module(bytes.subarray(0, length));
}
