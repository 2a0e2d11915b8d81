/** A synthetic device (host-inputs.md 1.2, 1.5, 2, 3): the same function as lspci, a hex dump and sysfs show it. */

export const HEAD = "0000:3f:00.0 3D controller [0302]: Example Corp Blaster 9 [1af4:beef] (rev 01)";

export const BLASTER = `${HEAD}
	Subsystem: Example Corp Device [1af4:0001]
	Control: I/O- Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- FastB2B- DisINTx+
	NUMA node: 1
	IOMMU group: 27
	Region 0: Memory at c8000000 (32-bit, non-prefetchable) [size=16M]
	Region 1: Memory at 202000000000 (64-bit, prefetchable) [size=64G]
	Region 3: Memory at 203000000000 (64-bit, prefetchable) [size=32M]
	Expansion ROM at c9000000 [disabled] [size=512K]
	Capabilities: [b0] MSI-X: Enable- Count=9 Masked-
		Vector table: BAR=0 offset=00b90000
		PBA: BAR=0 offset=00ba0000
	Capabilities: [134 v1] Physical Resizable BAR
		BAR 1: current size: 64GB, supported: 64MB 128MB 256MB 512MB 1GB 2GB 4GB 8GB 16GB 32GB 64GB
	Kernel driver in use: vfio-pci
`;

export const SRIOV = `	Capabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)
		IOVCap:	Migration- 10BitTagReq- IntMsgNum 0
		IOVCtl:	Enable+ Migration- Interrupt- MSE+ ARIHierarchy+ 10BitTagReq-
		IOVSta:	Migration-
		Initial VFs: 16, Total VFs: 16, Number of VFs: 4, Function Dependency Link: 00
		VF offset: 2, stride: 1, Device ID: beee
		Supported Page Size: 00000553, System Page Size: 00000001
		Region 0: Memory at 0000203040000000 (64-bit, prefetchable)
		VF Migration: offset: 00000000, BIR: 0
`;

/** BLASTER with the SR-IOV capability between the others and the driver. */
export const BLASTER_SRIOV = BLASTER.replace("\tKernel driver", `${SRIOV}\tKernel driver`);

export const HEX_64 = `00: f4 1a ef be 02 00 10 00 01 00 02 03 00 00 00 00
10: 00 00 00 c8 0c 00 00 00 20 20 00 00 0c 00 00 00
20: 30 20 00 00 00 00 00 00 00 00 00 00 f4 1a 01 00
30: 00 00 00 00 b0 00 00 00 00 00 00 00 00 00 00 00
`;

export const RESOURCE = `0x00000000c8000000 0x00000000c8ffffff 0x0000000000040200
0x0000202000000000 0x0000202fffffffff 0x000000000014220c
0x0000000000000000 0x0000000000000000 0x0000000000000000
0x0000203000000000 0x0000203001ffffff 0x000000000014220c
0x0000000000000000 0x0000000000000000 0x0000000000000000
0x0000000000000000 0x0000000000000000 0x0000000000000000
0x00000000c9000000 0x00000000c907ffff 0x0000000000046200
`;

export const MIB = 2 ** 20;
export const GIB = 2 ** 30;

/** Configuration space of 4096 bytes: the header of HEX_64, MSI-X at 0xb0, and extended capabilities. */
export function configSpace(): Uint8Array {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  const put = (offset: number, ...words: number[]): void => {
    for (const [i, word] of words.entries()) view.setUint32(offset + 4 * i, word, true);
  };
  put(0, 0xbeef1af4, 0x00100002, 0x03020001, 0);
  put(0x10, 0xc8000000, 0x0000000c, 0x2020, 0x0000000c, 0x2030, 0);
  put(0x30, 0xc9000000, 0xb0);
  put(0xb0, 0x0008_00_11, 0x00b90000, 0x00ba0000);
  // SR-IOV (0x10) at 0x100, Resizable BAR (0x15) at 0x140, VF Resizable BAR (0x24) at 0x160.
  put(0x100, 0x14010010, 0, 1, 0x00100010, 4, 0x00010002, 0xbeee0000, 0x553, 1, 0x4000000c, 0x2030, 0, 0, 0, 0);
  put(0x140, 0x16010015, 0x0001ffc0 << 4, 0x00001021);
  put(0x160, 0x00010024, 0x00000ff0, 0x00000420);
  return bytes;
}

/** Bytes as lspci -xxxx prints them. */
export function hexDump(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += 16) {
    const row = [...bytes.subarray(offset, offset + 16)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
    rows.push(`${offset.toString(16).padStart(2, "0")}: ${row}`);
  }
  return `${rows.join("\n")}\n`;
}
