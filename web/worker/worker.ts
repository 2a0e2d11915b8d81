import type { Progress, Reply, Request } from "../protocol.ts";
import { transferables } from "./columns.ts";
import { InputError } from "./failure.ts";
import { fileBytes } from "./file-source.ts";
import { makeSession } from "./session.ts";

/** The core of Physmap beside the page: takes requests one by one and answers each. */
const session = makeSession(fileBytes);

const post = (reply: Reply, give: ArrayBuffer[] = []): void => self.postMessage(reply, { transfer: give });

self.onmessage = ({ data: { id, call, args } }: MessageEvent<Request>): void => {
  const tell = (progress: Progress): void => post({ id, progress });
  try {
    const value = session[call](args as never, tell);
    post({ id, value }, transferables(value));
  } catch (error) {
    post({ id, error: sentence(error) });
  }
};

/** What was wrong with an input is said as it is; anything else is a fault of Physmap. */
function sentence(error: unknown): string {
  if (error instanceof InputError) return error.message;
  const says = error instanceof Error ? error.message : String(error);
  return `Physmap failed on this input, which is a fault of Physmap: ${says}`;
}
