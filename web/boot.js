// Before the page runs: if its WebAssembly does not come, or cannot run here, say so where the page would be.
{
  let started = false;
  const fail = (event) => {
    if (started) return;
    // What the browser says of it; a file that did not come says nothing, and its address says enough.
    const reason = event?.reason ?? event?.error ?? event?.target?.href ?? event?.target?.src;
    const place = document.getElementById('reason');
    if (place && reason) place.textContent = `The browser says: ${reason}`;
    document.getElementById('failed')?.removeAttribute('hidden');
    document.getElementById('loading')?.setAttribute('hidden', '');
  };
  addEventListener('TrunkApplicationStarted', () => { started = true; });
  // Captured, because a file that does not come tells only its own element.
  addEventListener('error', fail, true);
  addEventListener('unhandledrejection', fail);
  if (typeof WebAssembly !== 'object') addEventListener('DOMContentLoaded', fail);
}
