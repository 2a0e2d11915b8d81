/** Texts for the fuzzers to spoil: one of each kind that a reader takes (host-inputs.md, page-table-formats.md 9). */
import { BLASTER_SRIOV, configSpace, hexDump } from "../inventory/fixtures-pci/blaster.ts";
import { LSPCI, LSPCI_HEX, RESOURCE, XL_CFG, XL_DMESG, XL_INFO } from "../inventory/xen/samples.ts";

/** What `readTextDumps` reads. */
export const DUMPS: readonly string[] = [
  `(XEN) domain5 EPT p2m table:
(XEN) gfn:             0 order:  9 mfn:        a3e00 rwx WB 
(XEN) gfn:         f0000 order:  0 mfn:        fd1c0 rw  UC!
(XEN) gfn:        100000 order: 18 mfn:       400000 rwx WB?
(XEN) gfn:        140000 order:  9 PoD
---
(XEN) domain2 EPT p2m table:
(XEN) gfn:             0 order:  0 mfn:           10 r-- WB 
`,
  `(XEN) [VT-D] d5 table has 4 levels
(XEN)   dfn: 00000000 mfn: 00a3e000 rw
(XEN)    dfn: 000f0000 mfn: 000fd1c0 rw
(XEN) AMD IOMMU d6 table has 3 levels
(XEN)  dfn: 00000000  mfn: 00500000  rw
(XEN)   dfn: 00000200  mfn: 00600200  r-
(XEN) d3 sharing page tables
(XEN) AMD IOMMU table error. next_level = 1, expected 2
`,
  `Device 0000:3b:00.0 @0x7f000000
IOVA_PFN         \tPML5E             \tPML4E             \tPDPE              \tPDE               \tPTE
0x0000000100000 |\t0x0000000000000000\t0x000000007f001003\t0x000000007f002003\t0x00000000a3e00883
0x0000000100200 |\t0x0000000000000000\t0x000000007f001003\t0x000000007f002003\t0x000000007f003003\t0x0000000123456803
Device 0000:3b:00.0 with pasid 0 @0x7f000000
0x0000000100000 |\t0x0000000000000000\t0x000000007f001027\t0x000000007f002027\t0x00000000a3e000e7
`,
  ` qemu-system-x86-4211 [007] ..... 812.331904: map: IOMMU: iova=0x0000000100000000 - 0x0000000140000000 paddr=0x0000004000000000 size=1073741824
 qemu-system-x86-4211 [007] ..... 812.331905: unmap: IOMMU: iova=0x0000000100000000 - 0x0000000100001000 size=4096 unmapped_size=2097152
 qemu-system-x86-4211 [007] ..... 812.331906: map: IOMMU: iova=0x0000000100400000 paddr=0x0000000000001000 size=4096
`,
  `kvm_tdp_mmu_spte_changed: as id 0 gfn 100000 level 2 old_spte 0 new_spte 600000380000b87
kvm_tdp_mmu_spte_changed: as id 1 gfn 100200 level 2 old_spte 0 new_spte 600000380000b87
kvm_mmu_set_spte: gfn 5 spte 600000123456b77 (rwx) level 1 at 10000028
kvm_mmu_set_spte: gfn 200 spte a3e00ee7 (rwxu) level 2 at 10000028
`,
  `/sys/kernel/debug/kvm/pages_1g:16
/sys/kernel/debug/kvm/pages_2m:8192
/sys/kernel/debug/kvm/pages_4k:913
/sys/kernel/debug/kvm/nx_lpage_splits:2
`,
  `0000000000000000: 0000000000200000 --PDA---W
0000000000200000: 0000000000400000 X--------
0000000000001000-0000000000003000 0000000000002000 ur-
`,
  "0x0000000123456077\n0x00000000a3e003b7\n[5] 0x0000000000001006\n",
];

/** What `rootsInLog` reads. */
export const ROOT_LOGS: readonly string[] = [
  `(XEN) [    3.141592] Xen version 4.17.3
(XEN) AMD-Vi: Setup I/O page table: device id = 0x18, type = 0x1, root table = 0x7fcb0000, domain = 3, paging mode = 3
[  1.5] AMD-Vi: Setup I/O page table: device id = 0000:00:03.0, type = 0x1, root table = 0x7fcb0000, domain = 0, paging mode = 4
Device 0000:3b:00.0 @0x7f000000
Device 0000:3b:00.0 with pasid 0 @0x7f001000
`,
];

/** What `readTrace` reads. */
export const TRACES: readonly string[] = [
  `(XEN) [  812.100200] memory_map:add: d3 gfn=1000000 mfn=202000000 nr=18000
(XEN) [  812.100900] memory_map:add: d3 gfn=1008000 mfn=202008000 nr=10000
(XEN) [  812.200000] memory_map:add: d4 gfn=f0000 mfn=c8000 nr=10
(XEN) [  812.200100] memory_map:fail: d4 gfn=f0000 mfn=c8000 nr=10 ret:-12
(XEN) memory_map:remove: d4 gfn=f0000 mfn=c8000 nr=10
`,
];

const COLLECT = JSON.stringify({
  physmap: 1,
  kind: "collect",
  xlInfo: XL_INFO,
  xlDmesg: XL_DMESG,
  lspci: LSPCI,
  sysfs: { "0000:3f:00.0": { files: { resource: RESOURCE }, links: { driver: "a/b" }, config: "de10AB" } },
  guests: [{ name: "g", text: XL_CFG }],
  missing: [{ what: "xl", why: "gone" }],
});

/** What `readInputs` reads. */
export const INPUTS: readonly string[] = [
  BLASTER_SRIOV,
  `${LSPCI_HEX}\n${hexDump(configSpace().subarray(0, 256))}`,
  LSPCI,
  XL_INFO,
  XL_DMESG,
  XL_CFG,
  `GRUB_CMDLINE_XEN="iommu=no-sharept,verbose hap_2mb=0 dom0=pvh"\nGRUB_CMDLINE_LINUX='iommu=pt xen-pciback.hide=(3f:00.0)'\n`,
  "200000000000-20ffffffffff : PCI Bus 0000:3a\n  202000000000-203001ffffff : 0000:3f:00.0\n",
  COLLECT,
  `${XL_INFO}\n${LSPCI}\n${XL_DMESG}`,
];

export { RESOURCE };
