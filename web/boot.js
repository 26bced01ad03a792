// Before the page runs: if its WebAssembly does not come, or cannot run here, say so where the page would be.
{
  let started = false;
  const fail = () => {
    if (started) return;
    document.getElementById('failed')?.removeAttribute('hidden');
    document.getElementById('loading')?.setAttribute('hidden', '');
  };
  addEventListener('TrunkApplicationStarted', () => { started = true; });
  // Captured, because a file that does not come tells only its own element.
  addEventListener('error', fail, true);
  addEventListener('unhandledrejection', fail);
  if (typeof WebAssembly !== 'object') addEventListener('DOMContentLoaded', fail);
}
