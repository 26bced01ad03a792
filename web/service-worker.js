// Keeps the page for when there is no network. Each build has a list of its own here, put in by `cargo xtask` (seal.rs), so
// each build is another worker, with files of its own: old and new ones are never mixed.
const FILES = new Map([/* the files, by xtask */]);
const PREFIX = 'steadfast ';
// Changes with any file: their hashes are in it.
const KEPT = PREFIX + [...FILES.values()].map((hash) => hash.slice(7, 15)).join('');
const FOLDER = new URL('./', location.href).href;

/** Whatever answers to that address among what is kept. */
const kept = async (address) => (await caches.open(KEPT)).match(address);

addEventListener('install', (event) => {
  // All or nothing. A file that is not the one of this build, as in the middle of a deployment, is refused by its hash.
  const requests = [...FILES].map(([address, integrity]) => new Request(address, { integrity, cache: 'no-cache' }));
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(requests)));
});

addEventListener('activate', (event) => {
  const old = (names) => names.filter((name) => name.startsWith(PREFIX) && name !== KEPT);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))));
});

addEventListener('message', ({ data }) => {
  if (data === 'take over') skipWaiting();
});

/** The page. Where a newer build waits and no other window shows this one, the newer takes over and is asked instead. */
async function page(request) {
  if (registration.waiting && (await clients.matchAll()).length < 2) {
    registration.waiting.postMessage('take over');
    // Without an icon of its own the browser would look for one.
    return new Response('<!doctype html><link rel="icon" href="data:,">', { headers: { 'Content-Type': 'text/html', Refresh: '0' } });
  }
  return (await kept('./')) ?? fetch(request);
}

addEventListener('fetch', (event) => {
  const { request } = event;
  const address = request.url.split(/[?#]/, 1)[0];
  if (request.method !== 'GET' || !address.startsWith(FOLDER)) return;
  const name = address.slice(FOLDER.length);
  if (request.mode === 'navigate') {
    if (name === '' || name === 'index.html') event.respondWith(page(request));
  } else if (FILES.has(name)) {
    event.respondWith(kept(name).then((file) => file ?? fetch(request)));
  }
});
