/** The plan document, and the comparison that holds several. */
import * as shared from "./shared.mjs";
import {
  constant,
  count,
  documentOf,
  flag,
  hex,
  integer,
  list,
  number,
  object,
  oneOf,
  orNull,
  ref,
  text,
  tuple,
} from "./words.mjs";

const CPU = ["intel", "amd"];
const GUESTS = ["hvm", "pvh", "pv"];
const PASSTHROUGH = ["disabled", "enabled", "share_pt", "sync_pt"];
const KERNELS = ["linux<6.15", "linux>=6.15", "windows", "freebsd", "unknown"];
const FINDINGS = [
  "no-address",
  "no-room",
  "overlap",
  "not-size-aligned",
  "beyond-guest-width",
  "beyond-host-width",
  "beyond-iommu-width",
  "pool-dry",
  "pool-tight",
  "refused",
  "cannot-assign",
];
const ORDER = "log2 of the pages of one entry: 0 is 4 KiB, 9 is 2 MiB, 18 is 1 GiB.";

export const scenario = object("Everything that the plan rests on, from the inputs and the scenario keys.", {
  xen: text('Xen release: "4.17.5", a branch\'s end "4.12-tip", or "as-posted".'),
  cpu: oneOf("Vendor of the host's processor.", CPU),
  cmdline: text("Xen's command line, verbatim."),
  guest: oneOf("Kind of guest (pvh: a PVH dom0).", GUESTS),
  name: orNull(text("Name of the guest; null when no input has it.")),
  hap: flag("Whether the guest uses hardware-assisted paging."),
  passthrough: oneOf("xl.cfg's passthrough setting.", PASSTHROUGH),
  iommu: object("The guest's use of the IOMMU.", {
    enabled: flag("Whether the guest has an IOMMU context."),
    shared: flag("Whether the IOMMU walks the P2M itself."),
  }),
  physBits: object("Widths of physical addresses.", {
    host: integer("Of the host's processor, in bits.", { minimum: 1, maximum: 64 }),
    guest: integer("As the guest sees it, in bits.", { minimum: 1, maximum: 64 }),
  }),
  cpus: count("Online physical CPUs of the host."),
  vcpus: count("Virtual CPUs of the guest."),
  memoryMiB: count("Memory of the guest, in MiB."),
  mmioHoleMiB: orNull(count("xl.cfg's mmio_hole, in MiB; null when it is not set.")),
  guestKernel: oneOf("Kernel of the guest, which decides how often a boot maps again.", KERNELS),
});

const piece = ({ reasons }) =>
  object("A stretch of a BAR that is mapped at one order for one reason.", {
    gfn: hex("First guest frame number."),
    mfn: hex("First machine frame number."),
    pages: count("Length, in 4 KiB pages."),
    order: oneOf(ORDER, [0, 9, 18]),
    entries: count("Number of leaf entries: pages divided by 2^order."),
    because: oneOf("Code of the rule that gave the order; reasons[] has its sentence.", reasons),
  });

const hole = ({ platformCodes }) =>
  object("A stretch of a BAR that is not mapped.", {
    gfn: hex("First guest frame number."),
    pages: count("Length, in 4 KiB pages."),
    because: oneOf("Code of the rule that cut it out.", platformCodes),
  });

const bar = ({ platformCodes }) =>
  object(
    "One memory BAR.",
    {
      index: integer("Number of the BAR; a 64-bit BAR has the number of its lower half.", { minimum: 0, maximum: 6 }),
      size: orNull(count("Size, in bytes; null when the input does not tell.")),
      host: orNull(hex("Machine byte address; null when the host gave it none.")),
      guest: orNull(hex("Guest byte address; null when it has none.")),
      prefetchable: flag("The BAR's prefetchable bit."),
      width: oneOf("Width of the BAR's address, in bits.", [32, 64]),
      placed: orNull(
        oneOf("Code of what put it at its guest address; null when nothing did.", [
          ...platformCodes,
          "given",
          "observed",
          "identity",
        ]),
      ),
      hypercalls: count("Mapping hypercalls for this BAR, once."),
      pieces: list("What of it stays mapped, in ascending order.", ref("A mapped stretch.", "piece")),
      holes: list("What of it is not mapped.", ref("A stretch that is not mapped.", "hole")),
    },
    { problem: text("Why it cannot be planned; absent when it can.") },
  );

const device = object("A device and its memory BARs.", {
  bdf: shared.device("The device"),
  id: orNull(text("Vendor and device ID; null when no input has them.", { pattern: "^[0-9a-f]{4}:[0-9a-f]{4}$" })),
  name: text("Vendor's and device's name as the input prints it; empty when it prints none."),
  bars: list("Its memory BARs.", ref("A BAR.", "bar")),
});

const tables = (facts) =>
  object("Tables that the BARs take.", {
    format: shared.format(facts, "Format of the page tables."),
    leaves: ref("Leaf entries that map the BARs.", "leaves"),
    tables: count("Tables allocated for the BARs and still there, 4 KiB each."),
  });

const boot = ({ platformCodes, ledgerKinds }) =>
  object("What a whole boot of the guest repeats.", {
    adds: count("How often a device's pieces are mapped, all devices together."),
    deletes: count("How often a device's pieces are removed, all devices together."),
    steps: list(
      "Who maps and removes.",
      object(
        "One agent's part.",
        {
          who: oneOf("The agent.", ["hvmloader", "guest kernel"]),
          adds: count("How often it has every piece of the device mapped."),
          deletes: count("How often it has every piece of the device removed."),
          because: oneOf("Code of the rule behind it.", platformCodes),
          bdf: shared.device("The device"),
        },
        { unverified: constant("Neither a manual nor a run on a real system has confirmed it.", true) },
      ),
    ),
    ledger: ref("What all of it costs, the first mapping included.", "ledger"),
    time: ref("How long all of it takes.", "time"),
    goesTo: list(
      "Which counts the likely time goes to, most first.",
      object("A count and its time.", {
        kind: oneOf("The ledger kind.", Object.keys(ledgerKinds)),
        seconds: number("Its part of the likely time, in seconds.", { minimum: 0 }),
      }),
    ),
  });

const finding = object("Something that does not fit, or may not.", {
  code: oneOf("What it is.", FINDINGS),
  severity: oneOf("fault: it does not work. risk: that depends on what the inputs do not tell.", ["fault", "risk"]),
  says: text("The finding in words."),
  set: orNull(ref("What would mend it; null when no setting would.", "where")),
});

const pool = object("The guest's paging pool, in 4 KiB pages.", {
  pages: count("All of it, in pages."),
  creation: count("What creating the domain takes, in pages."),
  ramLeast: count("Tables for RAM when it is mapped by the largest entries, in pages."),
  ramMost: count("Tables for RAM when it is mapped by 4 KiB entries only, in pages."),
  forBars: count("What is left for BARs when RAM is mapped by the largest entries, in pages."),
});

const advice = ({ ledgerKinds }) =>
  object(
    "Something to change, and what that saves.",
    {
      change: {
        description: "Scenario keys to set, as compare's --with takes them.",
        type: "object",
        minProperties: 1,
        propertyNames: { pattern: "^[a-z0-9-]+$" },
        additionalProperties: text("Value of the key."),
      },
      says: text("The change in words."),
      write: ref("The exact line to write, and where.", "where"),
      saves: object(
        "What it saves. Only kinds that shrink are listed.",
        {
          seconds: tuple(
            "Seconds of a boot.",
            number("Seconds saved by the low estimates."),
            number("Seconds saved by the likely estimates."),
            number("Seconds saved by the high estimates."),
          ),
        },
        Object.fromEntries(
          Object.entries(ledgerKinds).map(([kind, says]) => [kind, count(`Saved in mapping once: ${says}.`)]),
        ),
      ),
    },
    { mends: count("How many more BARs are mapped then; absent when none.", { minimum: 1 }) },
  );

const range = object("A range of xl.cfg's iomem= and how it was entered.", {
  gfn: hex("First guest frame number."),
  mfn: hex("First machine frame number."),
  pages: count("Length, in 4 KiB pages."),
  hypercalls: count("Mapping hypercalls for it."),
  pieces: list("What of it stays mapped, in ascending order.", ref("A mapped stretch.", "piece")),
});

const properties = (facts) => ({
  scenario,
  devices: list("The devices that were planned.", ref("A device.", "device")),
  p2m: orNull(ref("The P2M's tables; null for a PV guest, which has none.", "tables")),
  iommu: orNull(ref("The IOMMU's own tables; null where it shares the P2M or there is none.", "tables")),
  ledger: ref(
    "Cost of mapping the devices' BARs once, in a guest whose RAM has already built the upper tables.",
    "ledger",
  ),
  time: ref("How long mapping once takes.", "time"),
  boot: boot(facts),
  reasons: list(
    "The rules that decided orders, the one with most pages first.",
    object("A rule.", {
      code: oneOf("Code of the rule.", facts.reasons),
      says: text("The rule in words."),
      pages: count("How many 4 KiB pages it decided."),
    }),
  ),
  fit: list("What does not fit, faults first.", finding),
  pool: orNull({ ...pool, description: "The guest's paging pool, in 4 KiB pages; null where it is of no concern." }),
  advice: list("What to change, what saves most first.", advice(facts)),
  remarks: list("What this release does to these devices that no reason tells.", ref("A remark.", "remark")),
  unverified: list(
    "Statements behind this plan that no hypervisor or manual has confirmed.",
    ref("A statement.", "remark"),
  ),
  notes: shared.notes,
});

const defs = (facts) => ({
  device,
  bar: bar(facts),
  piece: piece(facts),
  hole: hole(facts),
  tables: tables(facts),
  leaves: shared.leaves,
  ledger: shared.ledger(facts),
  time: shared.time,
  where: shared.where,
  remark: shared.remark,
  note: shared.note,
});

export const planSchema = (facts) =>
  documentOf(
    "plan",
    "How each BAR of each selected device is mapped into the guest, at what cost, why, and what to change.",
    properties(facts),
    {
      optional: {
        host: text("What a batch calls the host. Absent outside a batch, and for a host without a name."),
        iomem: list("xl.cfg's iomem= ranges, entered before the devices; not on the ledgers. Absent when none.", range),
      },
      defs: defs(facts),
    },
  );

export const batchErrorSchema = () =>
  documentOf(
    "batch-error",
    "Why a host of a batch has no plan; it stands where the plan would.",
    {
      line: count("The host's line, counted from 1, empty lines included.", { minimum: 1 }),
      error: text("What is wrong, where, and what to do."),
    },
    { optional: { name: text("What the batch calls the host.") } },
  );

export function compareSchema(facts) {
  const { $schema, $id, $defs, ...plan } = planSchema(facts);
  return documentOf(
    "compare",
    "The same inputs planned under several scenarios.",
    {
      scenarios: list(
        "The scenarios; the first is the inputs as they are.",
        object("One scenario.", {
          name: text('"as it is", or the KEY=VALUE changes as they were given.'),
          plan: ref("Its plan, without advice.", "plan"),
        }),
        { minItems: 1 },
      ),
      differs: list(
        "Ledger kinds in which any scenario differs from the first, in mapping once or over a boot.",
        oneOf("A ledger kind.", Object.keys(facts.ledgerKinds)),
      ),
    },
    { defs: { plan, ...$defs } },
  );
}
