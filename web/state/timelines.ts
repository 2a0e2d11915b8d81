import { computed, effect, signal } from "@preact/signals";
import { thousands } from "../../src/report/units.ts";
import type { Change, Moment, TimelineInfo } from "../protocol.ts";
import type { Client } from "./client.ts";
import { latest } from "./latest.ts";
import { against, client, clock, picture } from "./store.ts";

/** The plan's own timeline and the one that it is compared with. */
export const timelines = signal<readonly TimelineInfo[]>([]);
/** Where each of them stands at the clock's time. */
export const moments = signal<readonly Moment[]>([]);
export const timelineFailure = signal<string | null>(null);
export const playing = signal(false);

/** Nanoseconds until the slowest is done. */
export const wholeTime = computed(() =>
  Math.ceil(Math.max(0, ...timelines.value.map(({ total }) => total.time.likely)) * 1e9),
);
/** Nanoseconds on the clock. */
export const clockNow = computed(() => Math.min(wholeTime.value, clock.value ?? wholeTime.value));

/** Where the plan's own timeline is while it is under way. */
export const nowOnMap = computed(() => {
  const moment = moments.value[0];
  const info = timelines.value[0];
  if (!moment?.last || !info || moment.calls >= info.calls) return null;
  return { frame: moment.last.gfn, text: `call ${thousands(moment.calls)}` };
});

/** Keep both what the picture, the comparison and the clock ask for. */
export function followTimelines(): void {
  const ask = latest<{ client: Client; against: readonly Change[] }, readonly TimelineInfo[]>(
    (question) => question.client.call("timelines", { against: question.against }),
    (answer) => {
      timelineFailure.value = null;
      timelines.value = answer;
    },
    (error) => {
      timelineFailure.value = error.message;
    },
  );
  const askMoments = latest<{ client: Client; clock: number }, readonly Moment[]>(
    (question) => question.client.call("moments", { clock: question.clock }),
    (answer) => {
      moments.value = answer;
    },
  );
  // What was there of another picture is gone at once, lest somebody steps through it.
  effect(() => {
    if (picture.value) timelines.value = moments.value = [];
  });
  effect(() => {
    if (client.value && picture.value?.kind === "plan") ask({ client: client.value, against: against.value });
  });
  effect(() => {
    if (timelines.value.length === 0 || client.peek() === null) return;
    if (clockNow.value >= wholeTime.value) moments.value = timelines.value.map(({ total }) => total);
    else askMoments({ client: client.peek()!, clock: clockNow.value });
  });
}

/** A whole run is played in so many milliseconds, however long it takes in truth. */
const PLAY_MS = 8000;
/** Where motion is not wanted, the clock jumps. */
const JUMPS = 16;
const JUMP_MS = 500;

let stopPlaying: () => void = () => {};

export function pause(): void {
  stopPlaying();
  playing.value = false;
}

/** Run the clock to its end, from its beginning where it is there already. */
export function play(): void {
  pause();
  if (clockNow.value >= wholeTime.value) clock.value = 0;
  playing.value = true;
  const advance = (by: number): void => {
    const next = clockNow.value + by;
    clock.value = next >= wholeTime.value ? null : Math.round(next);
    if (clock.value === null) pause();
  };
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    const timer = setInterval(() => advance(wholeTime.value / JUMPS), JUMP_MS);
    stopPlaying = () => clearInterval(timer);
    return;
  }
  let last = performance.now();
  let frame = requestAnimationFrame(function tick(now) {
    advance((wholeTime.value * (now - last)) / PLAY_MS);
    last = now;
    if (playing.value) frame = requestAnimationFrame(tick);
  });
  stopPlaying = () => cancelAnimationFrame(frame);
}

/** Set the clock to when so many calls of one timeline are done. */
export async function goToCall(scenario: number, calls: number): Promise<void> {
  pause();
  const info = timelines.value[scenario];
  if (!info || !client.value) return;
  const wanted = Math.min(info.calls, Math.max(0, Math.round(calls)));
  const reached = await client.value.call("clockAt", { scenario, calls: wanted });
  clock.value = reached >= wholeTime.value ? null : reached;
}
