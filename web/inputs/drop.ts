import { signal } from "@preact/signals";
import { takeFiles, takeTexts } from "./take.ts";

/** Something is being dragged over the page. */
export const dragging = signal(false);

const isText = (target: EventTarget | null): boolean =>
  target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement;

/** Files and texts may be dropped anywhere, and pasted anywhere but into a field. */
export function acceptDrops(): void {
  let depth = 0;
  addEventListener("dragenter", (event) => {
    event.preventDefault();
    depth++;
    dragging.value = true;
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) dragging.value = false;
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    dragging.value = false;
    take(event.dataTransfer, "dropped");
  });
  addEventListener("paste", (event) => {
    if (!isText(event.target)) take(event.clipboardData, "pasted");
  });
}

function take(data: DataTransfer | null, name: string): void {
  const files = [...(data?.files ?? [])];
  const text = data?.getData("text/plain") ?? "";
  if (files.length > 0) void takeFiles(files);
  else if (text.trim() !== "") void takeTexts([{ name, text }]);
}
