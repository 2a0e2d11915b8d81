/** The synthetic examples of host-inputs.md. */
export const LSPCI = `0000:3f:00.0 3D controller [0302]: Example Corp Blaster 9 [1af4:beef] (rev 01)
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
	Kernel driver in use: vfio-pci
`;

export const LSPCI_HEX = `3f:00.0 3D controller: Example Corp Blaster 9 (rev 01)
00: f4 1a ef be 02 00 10 00 01 00 02 03 00 00 00 00
10: 00 00 00 c8 0c 00 00 00 20 20 00 00 0c 00 00 00
20: 30 20 00 00 00 00 00 00 00 00 00 00 f4 1a 01 00
30: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
`;

export const RESOURCE = `0x00000000c8000000 0x00000000c8ffffff 0x0000000000040200
0x0000202000000000 0x0000202fffffffff 0x000000000014220c
0x0000000000000000 0x0000000000000000 0x0000000000000000
0x0000203000000000 0x0000203001ffffff 0x000000000014220c
0x0000000000000000 0x0000000000000000 0x0000000000000000
0x0000000000000000 0x0000000000000000 0x0000000000000000
0x00000000c9000000 0x00000000c907ffff 0x0000000000046200
`;

export const XL_INFO = `xen_version            : 4.16.2
virt_caps              : pv hvm hvm_directio pv_directio hap shadow
xen_commandline        : dom0_mem=8G,max:8G iommu=no-sharept,verbose loglvl=all guest_loglvl=all
`;

export const XL_DMESG = `(XEN) Xen version 4.16.2 (root@example) (gcc 10.2.1) debug=n Mon May  1
(XEN) Command line: dom0_mem=8G,max:8G iommu=no-sharept,verbose loglvl=all guest_loglvl=all
(XEN) Intel VT-d iommu 0 supported page sizes: 4kB, 2MB, 1GB
(XEN) Intel VT-d Shared EPT tables not enabled.
(XEN) I/O virtualisation enabled
(XEN) HVM: Hardware Assisted Paging (HAP) detected
(XEN) HVM: HAP page sizes: 4kB, 2MB, 1GB
(XEN) [  812.100200] memory_map:add: d3 gfn=1000000 mfn=202000000 nr=1000000
(XEN) [  812.100900] memory_map:add: d3 gfn=1008000 mfn=202008000 nr=ff8000
`;

export const XL_CFG = `type = "hvm"
memory = 8192
firmware = "ovmf"
pci = [ '3f:00.0,permissive=1' ]
mmio_hole = 2048
`;
