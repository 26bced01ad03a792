// A worker of the odds. It runs the page's own modules once more, which the page hands over ready compiled: nothing is
// fetched or compiled again, and no two can be of different versions. In a worker the module waits for work (see
// `web/src/odds/worker.rs`).
self.onmessage = async ({ data: [glue, module, rest] }) => {
  self.onmessage = null;
  try {
    const first = await (await import(glue)).default({ module_or_path: module });
    // A page that is cut in two begins when both are there (see `start.js`).
    if (rest) {
      await WebAssembly.instantiate(rest, { '': first });
      first.__wbindgen_start();
    }
  } catch (error) {
    self.postMessage(`${error}`);
  }
};
