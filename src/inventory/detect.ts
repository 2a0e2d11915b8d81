import { stripLogPrefix } from "./log-prefix.ts";
import { type Line, lines } from "./text.ts";
import type { InputKind } from "./types.ts";

interface Signature {
  readonly kind: InputKind;
  /** What one matching line counts. */
  readonly weight: number;
  readonly pattern: RegExp;
}

/** Enough to tell a kind; a log may be far longer. */
const SAMPLE_LINES = 20_000;
/** Two lines, or one that nothing else has: what a second kind in the same text must reach. */
const CLEAR = 6;
const JSON_KINDS: readonly InputKind[] = ["collect", "script", "snapshot"];

/** Lines that one kind has and the others do not (host-inputs.md 1 to 9). */
const SIGNATURES: readonly Signature[] = [
  { kind: "lspci", weight: 4, pattern: /^(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7] [A-Za-z0-9]/ },
  {
    kind: "lspci",
    weight: 4,
    pattern: /^\s+(?:Region [0-6]: |Memory at |I\/O ports at |Expansion ROM at |Subsystem: )/,
  },
  { kind: "lspci-hex", weight: 3, pattern: /^[0-9a-f]{2,3}: (?:[0-9a-f]{2} ){15}[0-9a-f]{2}\s*$/ },
  { kind: "sysfs", weight: 4, pattern: /^0x[0-9a-f]{16} 0x[0-9a-f]{16} 0x[0-9a-f]{16}$/ },
  { kind: "iomem", weight: 4, pattern: /^\s*[0-9a-f]{8,16}-[0-9a-f]{8,16} : / },
  {
    kind: "xl-info",
    weight: 4,
    pattern:
      /^\s{0,8}(?:xen_(?:major|minor|extra|version|caps|commandline|scheduler|pagesize|changeset)|virt_caps|hw_caps|nr_cpus|cpu_mhz|(?:total|free)_memory|threads_per_core|cores_per_socket|nr_nodes|host|machine|release)\s{0,40}:(?:\s|$)/,
  },
  {
    kind: "xen-cmdline",
    weight: 8,
    pattern:
      /^\s{0,8}(?:export )?GRUB_CMDLINE_XEN|^\s{0,8}(?:multiboot2?|xen_hypervisor|kernel)\s{1,8}\S{0,200}xen\S{0,200}\.(?:gz|efi)/,
  },
  {
    kind: "linux-cmdline",
    weight: 6,
    pattern: /^\s{0,8}(?:export )?GRUB_CMDLINE_LINUX|^\s{0,8}linux(?:efi|16)?\s{1,8}\S{0,200}vmlinuz/,
  },
  { kind: "linux-cmdline", weight: 8, pattern: /^(?:BOOT_IMAGE=|\S{0,200}\bvmlinuz\S{0,200} \S)/ },
  {
    kind: "xl-cfg",
    weight: 4,
    pattern:
      /^\s{0,8}(?:name|type|builder|memory|maxmem|vcpus|pci|disk|vif|kernel|firmware|mmio_hole|passthrough|hap|shadow_memory|iomem|rdm|gfx_passthru|device_model_version|nestedhvm|altp2m|on_(?:reboot|crash|poweroff)|boot|bios|uuid|extra)\s{0,40}\+?=\s{0,40}["'[0-9]/,
  },
];

const LOG_LINE =
  /^(?:Xen version \d|HVM: H|VMX: |SVM: |Intel VT-d |AMD-Vi: |I\/O virtualisation |memory_map[: ]|pci dev [0-9a-f]{1,2}:[0-7] bar )/;
/** Options told apart by word, in text without another sign. */
const XEN_WORD =
  /^(?:no-)?(?:dom0_mem|dom0_max_vcpus|dom0_vcpus_pin|dom0-iommu|loglvl|guest_loglvl|hap|hap_2mb|hap_1gb|ept|com1|com2|conring_size|spec-ctrl|ucode|crashkernel|dom0|altp2m|sched|cpufreq|vga|placeholder)(?:=|$)/;
const XEN_IOMMU =
  /^iommu=\S{0,200}(?:sharept|superpages|verbose|debug|required|force|intremap|intpost|snoop|qinval|dom0-|0$|1$|yes$|no$|on$|true$|false$|enable$|disable$)/;
const LINUX_WORD =
  /^(?:root|ro|rw|quiet|splash|rhgb|initrd|intel_iommu|amd_iommu|iommu\.passthrough|iommu\.strict|vfio-pci\.\S{1,200}|xen-pciback\.hide|pciback\.hide|kvm(?:[-_]intel|[-_]amd)?\.\S{1,60}|hugepagesz|hugepages|default_hugepagesz|pcie_aspm|nomodeset|rd\.\S{1,200})(?:=|$)/;
const LINUX_IOMMU = /^iommu=(?:pt|nopt|soft)(?:,|$)/;

/**
 * What an input is, told from its content only; undefined where nothing speaks for any kind. Of several kinds in one
 * text (a pasted session) the one with the most lines.
 */
export const detectKind = (text: string): InputKind | undefined => detectKinds(text)[0];

/** Every kind that a text shows clear signs of, the strongest first. */
export function detectKinds(text: string): readonly InputKind[] {
  if (/^[\s\ufeff]{0,4096}\{/.test(text.slice(0, 4097))) {
    const json = jsonKind(text);
    return json === undefined ? [] : [json];
  }
  const sample = lines(text.slice(0, 2 ** 24), { maxLines: SAMPLE_LINES });
  const scores = new Map<InputKind, number>();
  const count = (kind: InputKind, weight: number): void => {
    scores.set(kind, (scores.get(kind) ?? 0) + weight);
  };
  for (const { text: line } of sample) {
    for (const { kind, weight, pattern } of SIGNATURES) if (pattern.test(line)) count(kind, weight);
    const { text: says, hypervisor, domain } = stripLogPrefix(line);
    if (hypervisor || domain !== null || LOG_LINE.test(says)) count("xl-dmesg", 4);
  }
  if (scores.size === 0) countWords(sample, count);
  // A dump belongs to the device that lspci printed above it.
  const hex = scores.get("lspci-hex") ?? 0;
  const described = sample.some(({ text: line }) =>
    /^\s+(?:Region|Memory at|Capabilities|Control|Subsystem)/.test(line),
  );
  if (hex > 0 && !described) scores.set("lspci-hex", hex + (scores.get("lspci") ?? 0));
  scores.delete(hex > 0 && !described ? "lspci" : "lspci-hex");
  return [...scores]
    .sort(([, a], [, b]) => b - a)
    .filter(([, score], i) => i === 0 || score >= CLEAR)
    .map(([kind]) => kind);
}

function countWords(sample: readonly Line[], count: (kind: InputKind, weight: number) => void): void {
  const words = sample.slice(0, 64).flatMap(({ text }) => text.split(/\s+/, 4096));
  for (const word of words) {
    if (XEN_WORD.test(word) || XEN_IOMMU.test(word)) count("xen-cmdline", 1);
    if (LINUX_WORD.test(word) || LINUX_IOMMU.test(word)) count("linux-cmdline", 1);
  }
}

/** A document that does not parse still is what its head says, so that its reader can say what is wrong with it. */
function jsonKind(text: string): InputKind | undefined {
  const known = (kind: unknown): InputKind | undefined => JSON_KINDS.find((candidate) => candidate === kind);
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ""));
    if (typeof value !== "object" || value === null || !("physmap" in value) || !("kind" in value)) return undefined;
    return known(value.kind);
  } catch {
    const head = text.slice(0, 4096);
    return head.includes('"physmap"') ? known(/"kind"\s{0,8}:\s{0,8}"([a-z]{1,16})"/.exec(head)?.[1]) : undefined;
  }
}
