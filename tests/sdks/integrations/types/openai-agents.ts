// A tool under a guard, written where the SDK's tool() takes it: its arguments are its parameters'.

import { tool } from "@openai/agents";
import { guardTool } from "steadfast/openai-agents";
import { z } from "zod";

const described = { name: "count", description: "Counts letters.", parameters: z.object({ word: z.string() }) };

export const inline = tool(guardTool({ ...described, execute: async ({ word }) => word.length }, { effect: "once" }));
export const keyed = tool(guardTool({ ...described, execute: ({ word }, _, details) => `${word} ${details?.idempotencyKey}` }));
// @ts-expect-error There is no such argument.
export const wrong = tool(guardTool({ ...described, execute: ({ letter }) => letter }));

const options = guardTool({ ...described, execute: async ({ word }: { word: string }) => word.length });
export const apart = tool(options);
