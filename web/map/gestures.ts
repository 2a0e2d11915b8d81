import { frameAt, panBy, type View, zoomAbout } from "./scale.ts";

/** What gestures act on. */
export interface Gestures {
  readonly view: () => View;
  readonly setView: (view: View) => void;
  /** A click, at a frame and at so many pixels from the top. */
  readonly pick: (frame: number, y: number) => void;
}

/** Further than this is a drag, not a click. */
const DRAG_PIXELS = 4;
const LINE_PIXELS = 16;

/** Wheel and pinch zoom about the pointer, dragging moves, a click picks. Returns what undoes it. */
export function attachGestures(element: HTMLElement, { view, setView, pick }: Gestures): () => void {
  const pointers = new Map<number, { x: number; y: number }>();
  let moved = 0;
  const at = (x: number): number => {
    const { left, width } = element.getBoundingClientRect();
    return frameAt(x - left, view(), width);
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PIXELS : 1;
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    const { width } = element.getBoundingClientRect();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))
      setView(panBy(view(), (sideways * unit) / width));
    else setView(zoomAbout(view(), Math.exp((event.deltaY * unit) / 300), at(event.clientX)));
  };
  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    if (pointers.size === 0) moved = 0;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    element.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent): void => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const { width } = element.getBoundingClientRect();
    const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    if (other) {
      const apart = Math.max(8, Math.abs(event.clientX - other.x));
      setView(zoomAbout(view(), Math.max(8, Math.abs(before.x - other.x)) / apart, at(other.x)));
      moved = Number.POSITIVE_INFINITY;
    } else {
      moved += Math.abs(event.clientX - before.x) + Math.abs(event.clientY - before.y);
      if (moved > DRAG_PIXELS) setView(panBy(view(), (before.x - event.clientX) / width));
    }
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  };
  const up = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId) || event.type === "pointercancel") return;
    if (moved <= DRAG_PIXELS && pointers.size === 0)
      pick(at(event.clientX), event.clientY - element.getBoundingClientRect().top);
  };
  const double = (event: MouseEvent): void => setView(zoomAbout(view(), 1 / 8, at(event.clientX)));
  element.addEventListener("wheel", wheel, { passive: false });
  element.addEventListener("pointerdown", down);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
  element.addEventListener("dblclick", double);
  return () => {
    element.removeEventListener("wheel", wheel);
    element.removeEventListener("pointerdown", down);
    element.removeEventListener("pointermove", move);
    element.removeEventListener("pointerup", up);
    element.removeEventListener("pointercancel", up);
    element.removeEventListener("dblclick", double);
  };
}
