import { continueCalls, type Observer } from "../xen/continue.ts";
import type { Decision, Domain } from "../xen/domain.ts";
import { copyLedger, type Ledger, subtractLedgers } from "../xen/ledger.ts";
import type { Layout } from "./layout.ts";
import { callOf, type Stretch } from "./map-device.ts";
import type { Scenario } from "./scenario.ts";
import { prepare } from "./simulate.ts";

/** A contiguous range handed over at once: mapped, or removed again after mapping it failed. */
export interface Act extends Stretch {
  readonly bdf: string;
  /** Index of the BAR. */
  readonly bar: number;
  readonly add: boolean;
}

/** One call as it was made. */
export interface MadeCall {
  readonly act: Act;
  /** First frames of the call, and the pages that it was asked for: all that is left of the range. */
  readonly gfn: number;
  readonly mfn: number;
  readonly left: number;
  /** 0 when all was done, else the pages done, or a negative error number. */
  readonly returned: number;
  readonly cost: Ledger;
  readonly decisions: readonly Decision[];
}

/** The mapping of a scenario's BARs under way: a model that stands after a number of calls and can only go on. */
export interface Replay {
  /** The domain as it stands. */
  readonly domain: Domain;
  readonly calls: number;
  /** What the calls so far cost. */
  cost(): Ledger;
  /** Go on until so many calls were made, or all; what only repeats is described. */
  advance(calls: number, observe?: Observer): void;
  /** Make the next call; null after the last. */
  step(): MadeCall | null;
}

/**
 * Begin to map the BARs of a scenario, device after device as a plan does. `onAct` is told of each range when its first
 * call is about to be made. `barTables`: as for `simulate`.
 */
export function replay(
  scenario: Scenario,
  layout: Layout,
  barTables?: number,
  onAct: (act: Act) => void = () => {},
): Replay {
  const { domain } = prepare(scenario, layout, { barTables });
  const start = copyLedger(domain.ledger);
  const waiting: Act[] = layout.devices.flatMap(({ device, bars }) =>
    bars.flatMap(({ bar, pieces }) =>
      pieces.map(({ gfn, mfn, pages }) => ({ bdf: device.bdf, bar: bar.index, add: true, gfn, mfn, pages })),
    ),
  );
  let act: Act | null = null;
  let done = 0;
  let calls = 0;

  const begin = (): Act | null => {
    act = waiting.shift() ?? null;
    done = 0;
    if (act === null) return null;
    onAct(act);
    if (scenario.guest.kind !== "pvh") domain.ledger.infoCalls++;
    return act;
  };
  /** Note how calls of the present range ended. A failed mapping is undone by removing all of it (xen-mapping.md 2.5). */
  const end = (now: Act, pages: number, returned: number): void => {
    done += pages;
    if (returned >= 0 && done < now.pages) return;
    if (returned < 0 && now.add && scenario.guest.kind !== "pvh") waiting.unshift({ ...now, add: false });
    act = null;
  };
  const rest = (now: Act): Stretch => ({ gfn: now.gfn + done, mfn: now.mfn + done, pages: now.pages - done });

  return {
    domain,
    get calls() {
      return calls;
    },
    cost: () => subtractLedgers(domain.ledger, start),
    advance(until, observe) {
      while (calls < until) {
        const now = act ?? begin();
        if (now === null) return;
        const left = rest(now);
        const options = { maxCalls: until - calls, ...(observe ? { observe } : {}) };
        const call = callOf(scenario, domain, left, now.add);
        const made = continueCalls(domain, left.gfn, left.mfn, left.pages, now.add, call, options);
        calls += made.calls;
        end(now, made.pagesDone, made.lastReturn ?? 0);
      }
    },
    step() {
      const before = copyLedger(domain.ledger);
      const now = act ?? begin();
      if (now === null) return null;
      const { gfn, mfn, pages } = rest(now);
      domain.decisions.length = 0;
      const returned = callOf(scenario, domain, { gfn, mfn, pages }, now.add)(0);
      calls++;
      end(now, returned < 0 ? 0 : returned === 0 ? pages : returned, returned);
      const cost = subtractLedgers(domain.ledger, before);
      return { act: now, gfn, mfn, left: pages, returned, cost, decisions: domain.decisions.splice(0) };
    },
  };
}
