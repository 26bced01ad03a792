import { agent } from "steadfast-wasm";
let tries = 0;
const model = messages => { // yours goes here; this one fails twice
  if (++tries <= 2) throw Object.assign(new Error("overloaded"), { status: 503 });
  const { role, content } = messages.at(-1);
  return role === "tool" ? { text: `17 * 23 = ${content}.` } : { toolCalls: [{ tool: "multiply", args: { a: 17, b: 23 } }] };
};
const tools = { multiply: { run: ({ a, b }) => a * b } };
const { answer, trace } = await agent({ model, tools }).run("What is 17 * 23?");
console.log(answer, trace.map(entry => entry.text));
