// Every entry as ES modules and as CommonJS, with what they share in one chunk each: classes and the engine are there once.

const entries = { index: "index", slim: "slim", sim: "sim/index" };
/** What is loaded by those alone who use the SDK of that name. */
for (const name of ["ai-sdk", "openai-agents", "langchain", "otel"]) entries[name] = `integrations/${name}`;
/** What only one entry has stays in there. */
const OWN = /\/(index|slim|module)\.js$|\/src\/sim\/|\/simulator\/|\/integrations\/[\w-]+\.js$/;

export default ["esm", "cjs"].map(format => ({
  input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, `build/js/src/${file}.js`])),
  external: ["langchain", "@opentelemetry/api"],
  output: {
    dir: `dist/${format}`,
    format: format === "cjs" ? "cjs" : "es",
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    manualChunks: id => (OWN.test(id) ? undefined : /\/agent\/|\/runs\//.test(id) ? "agent" : "core"),
    generatedCode: "es2015",
  },
  treeshake: { moduleSideEffects: id => /\/(index|errors|refusal)\.js$/.test(id) },
}));
