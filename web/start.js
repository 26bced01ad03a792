// Starts the page as `cargo xtask` publishes it: in two modules (see `crates/xtask/src/split.rs`, which puts the names in). The
// first can draw what is seen first and nothing else; the rest is fetched once the first is there. Until it has come, whatever a
// person does is held, and done then. `trunk serve` has one module and a start of its own.
import init from './glue.js';

const REST = './rest.wasm';
/** The mark of a page that is to have both modules before it begins. */
const WHOLE = 'whole';
/** What the page listens to; a test of xtask holds that this is all. */
const KINDS = ['cancel', 'change', 'click', 'close', 'dragover', 'drop', 'hashchange', 'input', 'keydown', 'pointercancel', 'pointerdown', 'pointermove', 'pointerover', 'pointerup', 'resize', 'scroll', 'submit', 'toggle', 'visibilitychange'];
/** What the browser would do by itself, without the page: it does so when the page hears of it. */
const PREVENTED = ['click', 'dragover', 'drop', 'submit'];
const held = [];
/** Empty until the rest is there; the page and its workers look here (`web/src/whole.rs`, `web/src/odds/pool.rs`). */
globalThis.steadfastRest = null;
const place = document.getElementById('app');

function hold(event) {
  event.stopImmediatePropagation();
  if (PREVENTED.includes(event.type)) event.preventDefault();
  held.push([event.target, new event.constructor(event.type, event)]);
}

/** Has the page hear everything that it has not heard yet, in order. */
function release() {
  for (const kind of KINDS) removeEventListener(kind, hold, true);
  for (const [target, event] of held) target.dispatchEvent(event);
}

/** Once more, whole: the first module turned out to need something of the rest. */
function again() {
  history.replaceState(WHOLE, '');
  location.reload();
}

/** The rest, compiled. */
async function rest() {
  // A server that calls it something else than WebAssembly costs time, not the page.
  return WebAssembly.compileStreaming(fetch(REST)).catch(async () => WebAssembly.compile(await (await fetch(REST)).arrayBuffer()));
}

/** Lets the browser do what else it has to do. */
function turn() {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Until what stands in the page already has been seen; a page in the background is not painted, and does not wait for it. */
function painted() {
  const frame = new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  return Promise.race([frame, new Promise((resolve) => setTimeout(resolve, 100))]);
}

/** Puts the rest beside the first. */
async function join(first, module) {
  await WebAssembly.instantiate(module, { '': first });
  globalThis.steadfastRest = module;
}

// What a link describes may need anything.
const isWhole = location.hash.length > 1 || history.state === WHOLE;
const early = isWhole ? rest() : null;
const first = await init({ module_or_path: './first.wasm' });
if (early) {
  await join(first, await early);
  first.__wbindgen_start();
} else {
  const coming = rest();
  const trap = ({ error }) => error instanceof WebAssembly.RuntimeError && again();
  addEventListener('error', trap);
  for (const kind of KINDS) addEventListener(kind, hold, true);
  place.ariaBusy = 'true';
  await painted();
  first.__wbindgen_start();
  await join(first, await coming);
  removeEventListener('error', trap);
  // Whoever waited for it draws, one after the other; an event that is cancelled was taken by one of them.
  while (!dispatchEvent(new Event('whole', { cancelable: true }))) await turn();
  release();
  place.ariaBusy = null;
}
dispatchEvent(new CustomEvent('TrunkApplicationStarted', { detail: { wasm: first } }));
