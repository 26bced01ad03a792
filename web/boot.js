// Before the page runs: if its WebAssembly does not come, or cannot run here, say so where the page would be; once it runs, have
// it kept for when there is no network.
{
  let started = false;
  const fail = (event) => {
    // Once the page runs, only its own module's end is the end of the page: a panic stops WebAssembly where it is.
    if (started && !(typeof WebAssembly === 'object' && (event?.error ?? event?.reason) instanceof WebAssembly.RuntimeError)) return;
    // What the browser says of it; a file that did not come says nothing, and its address says enough.
    const reason = event?.reason ?? event?.error ?? event?.target?.href ?? event?.target?.src;
    const place = document.getElementById('reason');
    if (place && reason) place.textContent = `The browser says: ${reason}`;
    document.getElementById('failed')?.removeAttribute('hidden');
    document.getElementById('loading')?.setAttribute('hidden', '');
  };
  const keep = () => {
    // Only a published page says that it has a worker, and only some browsers, and secure addresses, take one.
    const worker = document.querySelector('meta[name=service-worker]')?.content;
    // A browser that refuses costs what works without a network, not the page.
    if (worker) navigator.serviceWorker?.register(worker, { updateViaCache: 'none' }).catch(() => {});
  };
  addEventListener('TrunkApplicationStarted', () => {
    started = true;
    keep();
  });
  // Captured, because a file that does not come tells only its own element.
  addEventListener('error', fail, true);
  addEventListener('unhandledrejection', fail);
  if (typeof WebAssembly !== 'object') addEventListener('DOMContentLoaded', fail);
}
