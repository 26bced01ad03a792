// What an answer in one piece with a good status comes to. The operation behind it may have happened: it is asked for again only
// where a provider says in its own format that it did not, or where what was asked for cannot be read.

import { type Judged, judgedAs, judgeResponse } from "./classify.js";

const JSON_TYPE = /^[^;]*[/+]json\s*(?:;|$)/i;
const PAGE = /text\/html/i;
/** Where models are asked. */
const PROVIDER = /\/(?:chat\/completions|completions|v1\/messages|responses|embeddings|converse|invoke|api\/(?:chat|generate))$|:\w*generateContent$/i;
/** What may stand beside a provider's error; anything else is what came of the request. */
const BESIDE = new Set(["error", "type", "code", "message", "param", "status", "request_id", "id", "object", "created", "model", "provider", "user_id"]);
/** A status that the transport did not carry. */
const failing = (code: unknown) => typeof code === "number" && code >= 400 && code < 600;

/** What was asked for, as far as it says how an answer is to be read. */
export class Asked {
  readonly #json: boolean;
  readonly #model: boolean;
  readonly #harmless: boolean;

  constructor(url: string, method: string, headers: Headers) {
    const accept = headers.get("accept") ?? "";
    this.#harmless = /^(?:GET|HEAD|OPTIONS)$/i.test(method);
    this.#model = PROVIDER.test(url.replace(/[?#].*$/s, ""));
    this.#json = this.#model || JSON_TYPE.test(headers.get("content-type") ?? "") || (/[/+]json\b/i.test(accept) && !PAGE.test(accept));
  }

  /** Whether an answer of this type is to be read as text and judged. */
  reads(type: string): boolean {
    return JSON_TYPE.test(type) || PAGE.test(type);
  }

  /** Nothing if all is well. */
  judge(response: Response, type: string, body: string): Judged | undefined {
    if (!this.reads(type)) return undefined;
    if (!JSON_TYPE.test(type)) return this.#json ? judgeResponse(response, body) : undefined;
    let value: unknown;
    try {
      value = JSON.parse(body.replace(/^\uFEFF/, ""));
    } catch {
      return this.#unreadable(response, body);
    }
    return isError(value) ? judgeResponse(response, body) : undefined;
  }

  #unreadable(response: Response, body: string): Judged | undefined {
    const text = body.trim();
    if (text.startsWith("<")) return this.#json || this.#harmless ? judgeResponse(response, body) : undefined;
    if (text !== "" && isCut(text)) return judgedAs("incomplete", true);
    // An empty answer to an order is how some servers say that it was carried out.
    return this.#harmless || this.#model ? judgedAs("malformed_output", true) : undefined;
  }
}

/** Whether a string or a group in it has no end. */
function isCut(text: string): boolean {
  const outside = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/gs, "");
  return outside.includes('"') || outside.replace(/[^[{]/g, "").length > outside.replace(/[^\]}]/g, "").length;
}

/** Whether it is an error of a provider's and nothing besides. */
function isError(value: unknown): boolean {
  const [one, ...more] = Array.isArray(value) ? value : [value];
  if (typeof one !== "object" || one === null || more.length > 0) return false;
  const { error, type, object, status, message } = one;
  const said = isProviders(error);
  // A response of OpenAI's that failed keeps the form of one that did not.
  if (object === "response" && status === "failed") return said;
  if (!Object.entries(one).every(([name, beside]) => beside === null || BESIDE.has(name))) return false;
  return said || (type === "error" && (typeof message === "string" || (typeof error === "object" && error !== null)));
}

function isProviders(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { type, code, message } = error as Record<string, unknown>;
  return typeof type === "string" || (typeof message === "string" && (typeof code === "string" || failing(code)));
}
