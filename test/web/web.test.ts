import { afterAll, beforeAll, describe, vi } from "vitest";
import { type Lab, noBrowser, openLab } from "./browser.ts";
import { accessTests } from "./suite-access.ts";
import { exampleTests } from "./suite-examples.ts";
import { inputTests } from "./suite-inputs.ts";
import { keyTests } from "./suite-keys.ts";
import { linkTests } from "./suite-links.ts";
import { viewTests } from "./suite-views.ts";

// Other work may have the machine; a test that waits for what never comes still ends.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

/** One browser for all: starting it takes longer than most tests. */
describe.skipIf(noBrowser !== null)(`the explorer in a browser${noBrowser ? ` (skipped: ${noBrowser})` : ""}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  const there = (): Lab => lab;
  exampleTests(there);
  viewTests(there);
  keyTests(there);
  linkTests(there);
  inputTests(there);
  accessTests(there);
});
