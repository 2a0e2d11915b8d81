import { hex } from "../src/address.ts";
import { makeTracer } from "../src/plan/trace.ts";
import type { TraceRequest } from "../src/plan/trace-document.ts";
import type { Observed } from "./observe.ts";
import type { RigScript } from "./script.ts";

/** Requests that `physmap trace` rebuilds from a console, by the hypervisor's id of the domain, in their order. */
export function tracedRequests(log: string): Map<number, readonly TraceRequest[]> {
  const tracer = makeTracer("console");
  for (const [i, line] of log.split("\n").entries()) tracer.line(line, i + 1);
  const byDomain = new Map<number, TraceRequest[]>();
  for (const request of tracer.end().requests) {
    const requests = byDomain.get(request.domain) ?? [];
    byDomain.set(request.domain, [...requests, request]);
  }
  return byDomain;
}

/**
 * Where what was traced is not what the payload did: of each library call that was done in full, range, pages and calls.
 * Others are passed over, since a log tells less of them.
 */
export function compareTrace(
  script: RigScript,
  { results, domains }: Pick<Observed, "results" | "domains">,
  traced: ReadonlyMap<number, readonly TraceRequest[]>,
): string[] {
  return script.domains.flatMap(({ id }, i) => {
    const requests = [...(traced.get(domains[i]!.xenId) ?? [])];
    return script.operations.flatMap((operation, at) => {
      const result = results[at]!;
      if (operation.op !== "memory_mapping" || operation.domain !== id || operation.raw) return [];
      if (result.result !== 0 || !result.hypercalls || result.pagesDone !== operation.pages) return [];
      const { gfn, mfn, pages, add } = operation;
      const said = (r: { pages: number; calls: number }): string => `${r.pages} pages in ${r.calls} calls`;
      const did = said({ pages, calls: result.hypercalls });
      const next = requests.findIndex(
        (r) =>
          r.operation === (add ? "map" : "unmap") &&
          r.gfn === hex(BigInt(gfn)) &&
          r.mfn === hex(BigInt(mfn)) &&
          said({ pages: r.done, calls: r.calls }) === did,
      );
      if (next < 0)
        return [`operation ${at + 1}: the trace has no ${add ? "map" : "unmap"} ${gfn} -> ${mfn} of ${did}`];
      requests.splice(0, next + 1);
      return [];
    });
  });
}
