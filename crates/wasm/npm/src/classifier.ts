// A classifier of the caller's own: what it says counts where it makes sense, and where it does not somebody learns of it, once.

import { machines, ready } from "./engine.js";
import { shown } from "./options.js";
import type { Verdict } from "./types.js";

type Classifier = (error: unknown) => Verdict | undefined;

let classes: string[] = [];
const told = new WeakSet<Classifier>();

/** The same classifier, which says nothing where it would say nonsense. */
export function sensible(own: Classifier | undefined): Classifier | undefined {
  return own && (error => {
    const verdict: unknown = own(error);
    if (verdict === undefined || isVerdict(verdict)) return verdict;
    if (verdict instanceof Promise) verdict.catch(() => {});
    if (!told.has(own)) {
      told.add(own);
      const what = verdict instanceof Promise ? "a Promise" : shown(verdict);
      console.error(`steadfast: classify returned ${what}, and what it is asked about is judged by default; allowed: { class, transient, retryAfter? } at once, or undefined`);
    }
    return undefined;
  });
}

function isVerdict(value: unknown): value is Verdict {
  if (typeof value !== "object" || value === null) return false;
  ready();
  if (classes.length === 0) classes = machines.failure_classes().split("\n");
  const { class: name, transient } = value as Partial<Verdict>;
  return typeof transient === "boolean" && classes.includes(name as string);
}
