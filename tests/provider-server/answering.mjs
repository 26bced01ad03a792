// Plays one behaviour on one response: headers, body, stream, or the lack of them.

import { setTimeout as sleep } from "node:timers/promises";
import { complete } from "./reply.mjs";

/**
 * @param {import("node:http").ServerResponse & { destroyedByScript?: boolean }} response
 * @param {import("./server.mjs").Recorded} request
 * @param {import("./behaviours.mjs").Behaviour} behaviour
 * @param {import("./reply.mjs").Format} format
 */
export async function answer(response, request, behaviour, format) {
  const context = { id: request.id, body: request.body };
  if (behaviour.delay) await sleep(behaviour.delay);
  if (response.destroyed || behaviour.hang === "headers") return;
  if (behaviour.destroy === "headers") return destroy(response);

  const headers = { [format.requestIdHeader]: `req_${request.id}`, ...valuesOf(behaviour.headers) };
  if (behaviour.failure) {
    const failure = typeof behaviour.failure === "function" ? behaviour.failure(format) : behaviour.failure;
    return whole(response, failure.status, headers, format.failed(failure, context));
  }
  if (behaviour.html) {
    response.writeHead(200, { ...headers, "content-type": "text/html; charset=utf-8" }).end(behaviour.html);
    return;
  }
  const said = typeof behaviour.reply === "function" ? behaviour.reply(request) : behaviour.reply;
  const reply = complete(said ?? "", request.id);
  if (request.body.stream === true) {
    await stream(response, headers, behaviour, format.streamed(reply, context), failure => format.failedInStream(failure, context));
  } else if (behaviour.failsInside) {
    whole(response, behaviour.failsInside.status, headers, format.failed(behaviour.failsInside, context));
  } else if (behaviour.hang === "body" || behaviour.cut) {
    half(response, headers, behaviour, format.plain(reply, context));
  } else {
    whole(response, 200, headers, format.plain(reply, context));
  }
}

function whole(response, status, headers, body) {
  response.writeHead(status, { ...headers, "content-type": "application/json" }).end(JSON.stringify(body));
}

/** The first half of a body that was announced in full. */
function half(response, headers, behaviour, body) {
  const text = JSON.stringify(body);
  const announced = { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  response.writeHead(200, announced);
  response.write(text.slice(0, text.length / 2), () => {
    if (behaviour.cut) destroy(response);
  });
}

async function stream(response, headers, behaviour, events, failed) {
  response.writeHead(200, { ...headers, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  const send = ({ event, data }) => response.write(`${event === undefined ? "" : `event: ${event}\n`}data: ${data}\n\n`);
  for (const event of events.slice(0, lengthOf(behaviour, events))) {
    if (behaviour.pace) await sleep(behaviour.pace);
    if (response.destroyed) return;
    send(event);
  }
  if (behaviour.hang === "body") return;
  if (behaviour.cut === "destroy") {
    await sleep(5); // so that what was written arrives before the connection goes
    return destroy(response);
  }
  if (behaviour.failsInside) send(failed(behaviour.failsInside));
  response.end();
}

/** How many events of a stream are sent: a polite cut leaves out its end only, all else comes in the middle. */
function lengthOf(behaviour, events) {
  if (!behaviour.hang && !behaviour.cut && !behaviour.failsInside) return events.length;
  const inside = events.filter(({ ends }) => !ends).length;
  const middle = Math.ceil(inside / 2);
  return Math.min(behaviour.after ?? (behaviour.cut === "end" ? inside : middle), events.length);
}

function destroy(response) {
  response.destroyedByScript = true;
  response.destroy();
}

function valuesOf(headers = {}) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, typeof value === "function" ? value() : value]));
}
