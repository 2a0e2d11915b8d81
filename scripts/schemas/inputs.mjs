/** Schemas of the documents that Physmap reads, made from the schemas that it reads them with. */
import { toJsonSchema } from "@valibot/to-json-schema";
import { DIALECT } from "./words.mjs";

/** JSON Schema has no flags: a pattern that ignores case says so in its classes. */
const ignoringCase = (source) => source.replace("a-f", "a-fA-F").replace("0x", "0[xX]");

const convert = (schema) =>
  toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "input",
    // What is transformed after it was checked is of no concern to a writer, and JSON has finite numbers only.
    ignoreActions: ["transform", "finite"],
    overrideAction: ({ valibotAction, jsonSchema }) =>
      valibotAction.type === "regex" && valibotAction.requirement.flags.includes("i")
        ? { ...jsonSchema, pattern: ignoringCase(valibotAction.requirement.source) }
        : undefined,
  });

/**
 * Puts a description on every property: that of its path ("domains.id"), or else of its name. Throws for a property
 * without one, and for a description without a property.
 */
function described(schema, descriptions) {
  const used = new Set();
  const describe = (name, path) => {
    const key = [path, name].find((candidate) => Object.hasOwn(descriptions, candidate));
    if (key === undefined) throw new Error(`no description of ${path}`);
    used.add(key);
    return descriptions[key];
  };
  const visit = (node, path) => {
    if (Array.isArray(node)) return node.map((each) => visit(each, path));
    if (node === null || typeof node !== "object") return node;
    const { properties, ...rest } = node;
    const inner = Object.fromEntries(
      Object.entries(rest).map(([key, value]) => [key, key === "required" ? value : visit(value, path)]),
    );
    if (properties === undefined) return inner;
    const described = Object.entries(properties).map(([name, value]) => {
      const to = path === "" ? name : `${path}.${name}`;
      return [name, { description: describe(name, to), ...visit(value, to) }];
    });
    return { ...inner, properties: Object.fromEntries(described) };
  };
  const result = visit(schema, "");
  const idle = Object.keys(descriptions).filter((key) => !used.has(key));
  if (idle.length > 0) throw new Error(`descriptions of nothing: ${idle.join(", ")}`);
  return result;
}

const schemaOf = (kind, description, schema, descriptions) => {
  const { $schema, ...body } = described(convert(schema), descriptions);
  return { $schema: DIALECT, $id: `urn:physmap:1:${kind}`, title: `Physmap ${kind} document`, description, ...body };
};

const HEAD = {
  physmap: "Version of the document's schema.",
  kind: "What the document is.",
};

const SCRIPT = {
  ...HEAD,
  hypervisor: "The host on which the script runs.",
  xen: 'Xen release: "4.17.5", a branch\'s end "4.12-tip", or "as-posted".',
  cpu: "Vendor of the host's processor. Default intel.",
  cmdline: "Xen's command line, verbatim. Default empty.",
  "hypervisor.iommu": "Kind of IOMMU; null: the host has none. Default: the processor vendor's own.",
  physBits: "Width of the host's physical addresses, in bits. Default 46.",
  cpus: "Online physical CPUs. Default 1.",
  readOnly: "Machine frames that guests may only read (MSI-X tables in use): pairs of first frame number and pages.",
  memoryMap: "The host's memory map (E820), needed to set up the hardware domain: first byte, last byte, type.",
  ownFrames: "Machine frames of the hypervisor itself: pairs of first frame number and pages, as in the next ones.",
  ioApics: "Frames of the IO-APICs.",
  configWindows: "Frames of the windows to PCI configuration space (MMCFG).",
  vtdRegisters: "Frames of the VT-d units' registers.",
  memory: "Of a PV hardware domain: its own memory, as pairs of first machine frame number and pages.",
  initial: "What is allocated first, for the kernel and what comes with it.",
  later: "What is allocated later.",
  pageTables: "The part of the initial memory that holds the first page tables.",
  domains: "The domains that exist when the script begins. Domain 0 exists always.",
  id: "Number of the domain.",
  guest: "Kind of guest. Default hvm.",
  hap: "Use hardware-assisted paging. Default true.",
  "domains.iommu":
    "IOMMU context: none, as passthrough=enabled chooses (default), sharing the P2M, or with tables of its own. Default default.",
  p2mPoolMiB: "Paging pool, in MiB. Default 1 (256 pages of 4 KiB).",
  maxMemKiB: "The most memory that the domain may own, in KiB. Default unlimited.",
  vcpus: "Virtual CPUs of the domain. Default 1.",
  operations: "What is done, in this order.",
  op: "The operation.",
  domain: "Number of the domain that it concerns.",
  gfn: 'First guest frame number, as a number or as "0x…" of up to 64 bits.',
  mfn: 'First machine frame number, as a number or as "0x…" of up to 64 bits; for populate null (default): the hypervisor chooses.',
  order: "log2 of the pages of one extent: 0 is 4 KiB, 9 is 2 MiB, 18 is 1 GiB.",
  extents: "Number of extents.",
  pages: "Number of 4 KiB pages.",
  allow: "true grants, false takes away.",
  add: "true maps, false removes.",
  raw: "true: a single domctl, which may return a positive count of pages done. Default false: the toolstack's library call.",
  maxCalls: "Stop the library call after so many hypercalls. Default: no limit.",
  undoOnFailure: "Undo a mapping that failed, as the toolstack's library does. Default false.",
  device: "The device: domain:bus:device.function.",
  leave: "Pages of the host's memory that are left, for IOMMU tables. A PV domain has the rest.",
  from: "Number of the domain whose pages are mapped. A domain that is not the hardware domain becomes its device model.",
  fromGfn: "First guest frame number there.",
};

const COLLECT = {
  ...HEAD,
  xlInfo: "Output of xl info.",
  xlDmesg: "Output of xl dmesg.",
  lspci: "Output of lspci -D -vvv -nn.",
  sysfs: "Directories of /sys/bus/pci/devices by name.",
  "sysfs.files": "Text of each attribute by name.",
  "sysfs.links": "Target of each symbolic link by name.",
  "sysfs.config": "Configuration space: two hexadecimal digits a byte, at most 4096 bytes.",
  iomem: "Content of /proc/iomem.",
  linuxCmdline: "Content of /proc/cmdline.",
  xenCmdline: "Xen's options as its boot loader is set up to pass them.",
  guests: "Configurations of guests (xl.cfg).",
  "guests.name": "Name of the file.",
  "guests.text": "Content of the file.",
  missing: "What could not be read.",
  "missing.what": "What it is.",
  "missing.why": "Why it could not be read.",
};

export const scriptJsonSchema = ({ scriptSchema }) =>
  schemaOf("script", "Operations to carry out on the model or on a real hypervisor.", scriptSchema, SCRIPT);

export const collectJsonSchema = ({ collectSchema }) =>
  schemaOf(
    "collect",
    "What physmap collect gathers on a host: texts by what they are. Keys that are not listed are let pass.",
    collectSchema,
    COLLECT,
  );

const BATCH_HOST = {
  ...HEAD,
  name: "What the host is called in the answer. Default: nothing, the answers' order tells.",
  inputs: "What is known of the host: texts, or a collect document.",
  "inputs.name": "Name of the text, for notes: a file's name.",
  "inputs.text": "The text itself, as a file would hold it.",
  "inputs.kind": "What the text is. Default: told from its content.",
  "inputs.physmap": "Version of the collect document's schema.",
  keys: "Scenario keys by the names of the command line's options; on and off may be true and false, repeatable ones lists. They win over the command line's.",
};

export const batchHostJsonSchema = ({ batchHostSchema }) =>
  schemaOf(
    "batch-host",
    "One host of a batch: a line of what physmap plan --batch reads.",
    batchHostSchema,
    BATCH_HOST,
  );

/** Costs have one property a ledger kind. */
const CALIBRATION = {
  ...HEAD,
  name: "Name of the calibration, which plans show beside their times.",
  costs:
    "Nanoseconds a unit of each ledger kind: low, likely and high, in ascending order. A kind that is left out costs nothing of its own.",
  from: "Where the costs come from: the log, the host, what was measured. Free form.",
};

export const calibrationJsonSchema = ({ calibrationSchema, ledgerKinds }) =>
  schemaOf("calibration", "Costs measured on a host, for physmap plan --calibration.", calibrationSchema, {
    ...CALIBRATION,
    ...Object.fromEntries(
      Object.entries(ledgerKinds).map(([kind, says]) => [
        `costs.${kind}`,
        `Nanoseconds a unit, least, likely and most: ${says}.`,
      ]),
    ),
  });
