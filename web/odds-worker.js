// A worker of the odds. It runs the page's own module once more, which the page hands over ready compiled: nothing is
// fetched or compiled again, and the two cannot be of different versions. In a worker the module waits for work (see
// `web/src/odds/worker.rs`).
self.onmessage = async ({ data: [glue, module] }) => {
  self.onmessage = null;
  try {
    await (await import(glue)).default({ module_or_path: module });
  } catch (error) {
    self.postMessage(`${error}`);
  }
};
