/** What a class code or its name tells: only what decides whether a function is a bridge. */

const BASE_CLASS_BRIDGE = 0x06;
/** "Other bridge": switches that are passed through like any endpoint have it too, so it decides nothing. */
const OTHER_BRIDGE = 0x0680;

const BRIDGE_NAMES = new Map([
  ["Host bridge", 0x0600],
  ["ISA bridge", 0x0601],
  ["EISA bridge", 0x0602],
  ["MicroChannel bridge", 0x0603],
  ["PCI bridge", 0x0604],
  ["PCMCIA bridge", 0x0605],
  ["NuBus bridge", 0x0606],
  ["CardBus bridge", 0x0607],
  ["RACEway bridge", 0x0608],
  ["Semi-transparent PCI-to-PCI bridge", 0x0609],
  ["InfiniBand to PCI host bridge", 0x060a],
  ["Bridge", OTHER_BRIDGE],
]);

/** The class code, 16 bits, of a bridge's class name as lspci prints it without numbers; null for all others. */
export const classCodeOfName = (name: string): number | null => BRIDGE_NAMES.get(name) ?? null;

/** Whether a 16-bit class code is a bridge's. 0x0680 is not: its header type has to tell. */
export const isBridgeClass = (classCode: number): boolean =>
  classCode >>> 8 === BASE_CLASS_BRIDGE && classCode !== OTHER_BRIDGE;
