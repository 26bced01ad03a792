// `fetch` under a guard.
//
// An answer in one piece is read before it is handed on, so that whatever happens to it on the way is another try's to mend: one
// that says how long it is, and JSON, pages, XML and images in any case, up to 16 MiB. Anything else is a stream, and
// is handed on with its first part; from there on it cannot be taken back, and what goes wrong is told to whoever
// reads it. What a server refuses in the end is handed on as it came: SDKs make their own errors of it.

import { Asked } from "./answer.js";
import { type Context, flightOf, type Host, COMMIT, OUTPUT, run } from "./call.js";
import { isA, type Judged, judgeBy, judgeResponse, property, Refused } from "./classify.js";
import { SteadfastError } from "./errors.js";
import { Shown } from "./shown.js";
import { EventStream } from "./sse.js";
import type { Operation } from "./types.js";

/** How much of an answer is read ahead of whoever reads it: its limits are for the server, not for them. */
const AHEAD_BYTES = 16 * 1024 * 1024;
/** What comes bit by bit, whatever its length. */
const STREAMS = /event-?stream|ndjson|jsonl|json-seq|stream\+json|^multipart\//i;
/** What is of no use until it is all there. */
const PIECES = /[/+](?:json|xml)\b|text\/(?:html|css|csv)|^image\/|application\/pdf/i;
/** What a server says of a failure is in the first part of its answer. */
const TELLING_BYTES = 64 * 1024;
/** SDKs by Stainless (OpenAI's, Anthropic's and more) say in each request how often they have tried. */
const RETRY_COUNT = "x-stainless-retry-count";

/** A `fetch` whose calls `host` guards. `retried` hears of SDKs that try again by themselves. */
export function guardedFetch(host: Host, retried: (attempts: number) => void): typeof fetch {
  return (input, init) => {
    const request = typeof Request === "function" && input instanceof Request ? input : undefined;
    const signal = init?.signal ?? request?.signal;
    const headers = new Headers(init?.headers ?? request?.headers);
    const count = Number(headers.get(RETRY_COUNT) ?? 0);
    if (count > 0) retried(count + 1);
    const asked = new Asked(request?.url ?? String(input), init?.method ?? request?.method ?? "GET", headers);
    return new Promise((resolve, reject) => {
      begin(new Exchange(host, input, init, request, asked, { resolve, reject }), signal ?? undefined);
    });
  };
}

/** Here nothing holds what the caller got: a stream that nobody reads goes with its last holder. */
function begin(exchange: Exchange, signal: AbortSignal | undefined): void {
  run(exchange.host, exchange.attempt, signal && { signal }).then(
    response => exchange.take()?.resolve(response),
    error => {
      exchange.shown?.fail(error);
      const answer = isA(error, Response) ? error : property(error, "cause");
      const waiting = exchange.take();
      if (isA(answer, Response) && !signal?.aborted) waiting?.resolve(answer);
      else waiting?.reject(error);
    },
  );
}

interface Waiting { resolve(response: Response): void; reject(error: unknown): void }

/** One request, its attempts and its answer. */
class Exchange {
  /** The stream that somebody reads. */
  shown: Shown<Uint8Array> | undefined;
  #refused: Response | undefined;

  constructor(
    readonly host: Host,
    private readonly input: RequestInfo | URL,
    private readonly init: RequestInit | undefined,
    private readonly request: Request | undefined,
    private readonly asked: Asked,
    private waiting: Waiting | undefined,
  ) {}

  /** Whoever waits for the answer, if it has none yet. */
  take(): Waiting | undefined {
    const { waiting } = this;
    this.waiting = undefined;
    return waiting;
  }

  attempt: Operation<Response> = async context => {
    void this.#refused?.body?.cancel().catch(() => {});
    this.#refused = undefined;
    const response = await fetch(this.request === undefined ? this.input : this.request.clone(), { ...this.init, signal: context.signal });
    const flight = flightOf(context as Context);
    flight.tell(context.attempt, OUTPUT);
    const type = response.headers.get("content-type") ?? "";
    if (response.body === null || response.status === 0) return this.#judged(response, judgeResponse(response, ""));
    if (response.status >= 400) return this.#judged(response, judgeResponse(response, await beginning(response.clone())));
    if (inOnePiece(type, response.headers.get("content-length"))) {
      const text = await whole(response.clone(), this.asked.reads(type), () => flight.tell(context.attempt, OUTPUT));
      if (text !== undefined) return this.#judged(response, this.asked.judge(response, type, text));
    }
    return this.#stream(response, context, /text\/event-stream/.test(type));
  };

  /** The answer itself, or a failure that carries it. */
  #judged(response: Response, verdict: Judged | undefined): Response {
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
    const gone = () => {
      flight.cancel();
      void reader.cancel().catch(() => {});
    };
    const shown = new Shown<Uint8Array>(gone, AHEAD_BYTES, part => part.byteLength);
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
        this.take()?.resolve(withBody(response, shown.open()));
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
    return this.shown === undefined ? withBody(response, shown.open()) : response;
  }
}

function judgedByHost(host: Host, response: Response, verdict: Judged): Judged {
  return host.classify === undefined ? verdict : judgeBy(host.classify, response, verdict);
}

/** The same answer with another body. */
function withBody(response: Response, body: ReadableStream<Uint8Array>): Response {
  const { status, statusText, headers, url, redirected, type } = response;
  const other = new Response(body, { status, statusText, headers });
  // A response that was made rather than received has none of these.
  for (const [name, value] of Object.entries({ url, redirected, type })) Object.defineProperty(other, name, { value, configurable: true });
  return other;
}

/** Whether an answer comes in one piece. Text and bytes of no known length may well be a stream. */
function inOnePiece(type: string, length: string | null): boolean {
  if (STREAMS.test(type)) return false;
  return length === null ? PIECES.test(type) : Number(length) <= AHEAD_BYTES;
}

/** All of a body, as text if that is wanted, or nothing if it is too long; `part` is called as it comes. */
async function whole(response: Response, wanted: boolean, part: () => void): Promise<string | undefined> {
  const decoder = new TextDecoder();
  const reader = response.body!.getReader();
  let text = "";
  let length = 0;
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    part();
    length += value!.byteLength;
    if (length > AHEAD_BYTES) {
      void reader.cancel().catch(() => {});
      return undefined;
    }
    if (wanted) text += decoder.decode(value, { stream: true });
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

