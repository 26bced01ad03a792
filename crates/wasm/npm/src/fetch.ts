// `fetch` under a guard.
//
// An answer in one piece is read before it is handed on, so that whatever happens to it on the way is another try's to mend. A
// stream is handed on with its first part; from there on it cannot be taken back, and what goes wrong is told to whoever
// reads it. What a server refuses in the end is handed on as it came: SDKs make their own errors of it.

import { type Context, flightOf, type Host, COMMIT, OUTPUT, run } from "./call.js";
import { type Judged, judgeBy, judgeResponse, Refused } from "./classify.js";
import { SteadfastError } from "./errors.js";
import { EventStream } from "./sse.js";
import type { Operation } from "./types.js";

/** How much of a stream is read ahead of whoever reads it: its limits are for the server, not for them. */
const AHEAD_BYTES = 16 * 1024 * 1024;
/** What a server says of a failure is in the first part of its answer. */
const TELLING_BYTES = 64 * 1024;
/** SDKs by Stainless (OpenAI's, Anthropic's and more) say in each request how often they have tried. */
const RETRY_COUNT = "x-stainless-retry-count";

/** A `fetch` whose calls `host` guards. `retried` hears of SDKs that try again by themselves. */
export function guardedFetch(host: Host, retried: (attempts: number) => void): typeof fetch {
  return (input, init) => {
    const request = typeof Request === "function" && input instanceof Request ? input : undefined;
    const signal = init?.signal ?? request?.signal;
    const count = Number(new Headers(init?.headers ?? request?.headers).get(RETRY_COUNT) ?? 0);
    if (count > 0) retried(count + 1);
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(host, input, init, request, resolve);
      const calling = run(host, exchange.attempt, signal ? { signal } : undefined);
      calling.then(resolve, error => {
        if (exchange.shown !== undefined) exchange.shown.fail(error);
        const answer = error instanceof Response ? error : (error as { cause?: unknown } | undefined)?.cause;
        if (answer instanceof Response && !signal?.aborted) resolve(answer);
        else reject(error);
      });
    });
  };
}

/** One request, its attempts and its answer. */
class Exchange {
  /** The stream that somebody reads. */
  shown: Shown | undefined;
  #refused: Response | undefined;

  constructor(
    private readonly host: Host,
    private readonly input: RequestInfo | URL,
    private readonly init: RequestInit | undefined,
    private readonly request: Request | undefined,
    private readonly resolve: (response: Response) => void,
  ) {}

  attempt: Operation<Response> = async context => {
    void this.#refused?.body?.cancel().catch(() => {});
    this.#refused = undefined;
    const response = await fetch(this.request === undefined ? this.input : this.request.clone(), { ...this.init, signal: context.signal });
    const flight = flightOf(context as Context);
    flight.tell(context.attempt, OUTPUT);
    const type = response.headers.get("content-type") ?? "";
    if (response.body === null || response.status === 0) return this.#judged(response, "");
    if (response.status >= 400) return this.#judged(response, await beginning(response.clone()));
    if (/\bjson\b|text\/html/.test(type)) {
      const copy = response.clone();
      const text = await whole(copy, () => flight.tell(context.attempt, OUTPUT));
      return this.#judged(response, text);
    }
    return this.#stream(response, context, /text\/event-stream/.test(type));
  };

  /** The answer itself, or a failure that carries it. */
  #judged(response: Response, body: string): Response {
    const verdict = judgeResponse(response, body);
    if (verdict === undefined) return response;
    this.#refused = response;
    throw new Refused(response, this.#lasting(judgedByHost(this.host, response, verdict)));
  }

  /** A body that can be sent only once makes whatever happens final. */
  #lasting(verdict: Judged): Judged {
    const body = this.init?.body;
    const once = typeof body === "object" && body !== null && ("getReader" in body || Symbol.asyncIterator in body);
    return once ? { ...verdict, transient: false } : verdict;
  }

  /** Hands a stream on with its first part; settles with its end. */
  async #stream(response: Response, context: Parameters<Operation<Response>>[0], events: boolean): Promise<Response> {
    const flight = flightOf(context as Context);
    const { attempt } = context;
    const reader = response.body!.getReader();
    const seen = events ? new EventStream() : undefined;
    const shown = new Shown(() => {
      flight.cancel();
      void reader.cancel().catch(() => {});
    });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      seen?.take(value);
      if (seen?.error && this.shown === undefined) {
        const verdict = judgeResponse(response, seen.error);
        if (verdict !== undefined) throw new Refused(withBody(response, shown.alone(value)), this.#lasting(verdict));
      }
      flight.tell(attempt, OUTPUT);
      if (flight.ended) return response;
      shown.push(value);
      if (this.shown === undefined) {
        this.shown = shown;
        flight.tell(attempt, COMMIT);
        this.resolve(withBody(response, shown.body));
      }
      await shown.room();
    }
    if (seen?.error) {
      // Whoever reads it has read it too: it ends as it came.
      const verdict = judgeResponse(response, seen.error);
      shown.end();
      if (verdict !== undefined) throw new Refused(response, verdict);
    }
    if (seen !== undefined && !seen.complete) {
      throw new SteadfastError("the stream ended without its last event: what came of it is not all", { code: "incomplete" });
    }
    shown.end();
    return withBody(response, shown.body);
  }
}

function judgedByHost(host: Host, response: Response, verdict: Judged): Judged {
  return host.classify === undefined ? verdict : judgeBy(host.classify, response, verdict);
}

/** The body as whoever called reads it. */
class Shown {
  readonly body: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #pulled: (() => void) | undefined;
  #over = false;

  constructor(cancelled: () => void) {
    this.body = new ReadableStream<Uint8Array>(
      {
        start: controller => void (this.#controller = controller),
        pull: () => this.#pulled?.(),
        cancel: () => {
          this.#over = true;
          this.#pulled?.();
          cancelled();
        },
      },
      { highWaterMark: AHEAD_BYTES, size: part => part.byteLength },
    );
  }

  push(part: Uint8Array): void {
    if (!this.#over) this.#controller.enqueue(part);
  }
  /** A body of nothing but this. */
  alone(part: Uint8Array): ReadableStream<Uint8Array> {
    this.push(part);
    this.end();
    return this.body;
  }
  end(): void {
    if (!this.#over) this.#controller.close();
    this.#over = true;
  }
  fail(error: unknown): void {
    if (!this.#over) this.#controller.error(error);
    this.#over = true;
    this.#pulled?.();
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

/** The same answer with another body. */
function withBody(response: Response, body: ReadableStream<Uint8Array>): Response {
  const { status, statusText, headers, url, redirected, type } = response;
  const other = new Response(body, { status, statusText, headers });
  // A response that was made rather than received has none of these.
  for (const [name, value] of Object.entries({ url, redirected, type })) Object.defineProperty(other, name, { value, configurable: true });
  return other;
}

/** All of a body as text; `part` is called as it comes. */
async function whole(response: Response, part: () => void): Promise<string> {
  const decoder = new TextDecoder();
  const reader = response.body!.getReader();
  let text = "";
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    part();
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}

/** The first part of a body as text. One that does not come says nothing. */
async function beginning(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  const reader = response.body!.getReader();
  let text = "";
  try {
    while (text.length < TELLING_BYTES) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The status says enough.
  }
  void reader.cancel().catch(() => {});
  return text;
}

