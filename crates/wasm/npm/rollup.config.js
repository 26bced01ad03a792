// Every entry as ES modules and as CommonJS, with what they share in one chunk each: classes and the engine are there once.

const entries = ["index", "slim"];

export default ["esm", "cjs"].map(format => ({
  input: Object.fromEntries(entries.map(name => [name, `build/js/src/${name}.js`])),
  output: {
    dir: `dist/${format}`,
    format: format === "cjs" ? "cjs" : "es",
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    manualChunks: id => (/\/(index|slim|module)\.js$/.test(id) ? undefined : "core"),
    generatedCode: "es2015",
  },
  treeshake: { moduleSideEffects: id => /\/(index|errors|refusal)\.js$/.test(id) },
}));
