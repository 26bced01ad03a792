// A suspended run as a string: the machine's bytes, and when they were taken: by the calendar, for the host's clock of one process means
// nothing to another, and by a clock of the caller's own, which is taken at its word.

import { refused } from "../options.js";
import { SteadfastError } from "../errors.js";

/** How many bytes `String.fromCharCode` is given at once: a call has so many arguments and no more. */
const AT_ONCE = 8192;

/** Now, in microseconds, and whether it is of a clock of the caller's own. */
export interface Instant { own: boolean; now: number }

export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let place = 0; place < bytes.length; place += AT_ONCE) binary += String.fromCharCode(...bytes.subarray(place, place + AT_ONCE));
  return btoa(binary);
}

export function textOf(bytes: Uint8Array, { own, now }: Instant): string {
  return `${base64(bytes)}@${Date.now()}${own ? `c${now}` : ""}`;
}

/** The bytes, and for how many microseconds the run was away: by their clock where both are of the caller's own, else by the calendar. */
export function bytesOf(name: string, snapshot: unknown, { own, now }: Instant): { bytes: Uint8Array; away: number } {
  if (typeof snapshot !== "string") throw refused(name, snapshot, "a string, as a suspended run gives it", true);
  const [, text, at, instant] = /^([A-Za-z0-9+/=]*)@(\d{1,16})(?:c(-?\d{1,16}))?$/.exec(snapshot) ?? [];
  try {
    if (text === undefined) throw new TypeError("not of that form");
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let place = 0; place < bytes.length; place += 1) bytes[place] = binary.charCodeAt(place);
    const away = own && instant !== undefined ? now - Number(instant) : (Date.now() - Number(at)) * 1000;
    return { bytes, away: Math.max(0, away) };
  } catch {
    throw new SteadfastError("this is no snapshot of a run: hand over the whole string that the suspended run gave as `snapshot`", { code: "bad_snapshot" });
  }
}
