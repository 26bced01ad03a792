// Whether a stream of server-sent events came to its end. Only the formats of known providers say what their end is; any other
// stream may end as it likes.
//
// No JSON is parsed here: inside a JSON text a quoted quote is escaped, so a member's name with its quotes around it is a
// member's name.

import { machines } from "./engine.js";

const KNOWN = /"(?:chat\.completion\.chunk|message_start|response\.created)"|"choices"\s*:/;
const LAST = /"type"\s*:\s*"(?:message_stop|response\.(?:completed|failed|incomplete))"/;
const REASON = /"(?:finish_reason|stop_reason)"\s*:\s*"([^"]+)"/;
/** An error instead of an event: of Anthropic's by its type, of the others' by its only member. */
const ERROR = /^\s*\{\s*"error"\s*:\s*\{|"type"\s*:\s*"error"/;
/** A line that is longer is no event that says anything of the stream. */
const LONGEST_LINE = 1_000_000;

export class EventStream {
  #decoder = new TextDecoder();
  #rest = "";
  #known = false;
  #last = false;
  #reason = "";
  /** The data of an event that says what failed. */
  error = "";

  /** Takes the next part. */
  take(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split(/\r\n|\n|\r/);
    this.#rest = lines.pop()!.slice(-LONGEST_LINE);
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (!line.startsWith("data:")) return;
    const data = line.slice(5).trim();
    if (data === "[DONE]") {
      this.#last = true;
      return;
    }
    this.#known ||= KNOWN.test(data);
    this.#last ||= LAST.test(data);
    this.#reason = REASON.exec(data)?.[1] ?? this.#reason;
    if (ERROR.test(data)) this.error = data;
  }

  /** Whether it may end here. */
  get complete(): boolean {
    this.#line(this.#rest);
    return !this.#known || machines.stream_is_complete(this.#reason, this.#last);
  }
}
