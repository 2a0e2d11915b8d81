import { signal } from "@preact/signals";

export type Theme = "light" | "dark";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** The theme in force: the system's until the reader chooses. */
export const theme = signal<Theme>(dark.matches ? "dark" : "light");
let chosen = false;

dark.addEventListener("change", () => {
  if (!chosen) setTheme(dark.matches ? "dark" : "light");
});

function setTheme(next: Theme): void {
  document.documentElement.dataset.theme = next;
  theme.value = next;
}

export function toggleTheme(): void {
  chosen = true;
  setTheme(theme.value === "dark" ? "light" : "dark");
}

setTheme(theme.value);

// Paper is white.
let before: Theme | null = null;
addEventListener("beforeprint", () => {
  before = theme.value;
  setTheme("light");
});
addEventListener("afterprint", () => {
  if (before) setTheme(before);
});
