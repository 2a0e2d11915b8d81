import { describe, expect, it } from "vitest";
import { mergeKeys, overlayKeys, parseKey, parseKeys, SCENARIO_KEYS } from "../../src/plan/index.ts";

describe("parseKeys", () => {
  it("splits at commas before a known key only: command lines hold commas and equal signs", () => {
    expect(parseKeys("xen=4.12,cmdline=iommu=no-sharept,verbose com1=115200,8n1,cpu=amd")).toEqual({
      xen: "4.12",
      cmdline: "iommu=no-sharept,verbose com1=115200,8n1",
      cpu: "amd",
    });
  });

  it("takes an empty command line", () => {
    expect(parseKeys("cmdline=")).toEqual({ cmdline: "" });
  });

  it("shows foreign text in one printable line", () => {
    for (const text of ["cpu=\u001b[2J", "phys-bits=4\u00006", "bar-address=\r\n", "hap=on\u009b", "\u001b[2J"])
      expect(parseKeys(text), JSON.stringify(text)).toMatch(/^\P{Cc}+$/u);
  });

  it("collects devices and addresses", () => {
    expect(parseKeys("device=82:00.0,device=83:00.0,bar-address=82:00.0:1=0x800000000")).toEqual({
      devices: ["82:00.0", "83:00.0"],
      barAddresses: [{ bdf: "0000:82:00.0", index: 1, address: 0x800000000 }],
    });
  });

  it.each([
    ["xen", "KEY=VALUE"],
    ["foo=1", "no scenario key"],
    ["__proto__=1", "no scenario key"],
    ["constructor=1", "no scenario key"],
    ["cpu=arm", "intel or amd"],
    ["phys-bits=31", "from 32 to 52"],
    ["phys-bits=4e1x", "from 32 to 52"],
    ["hap=1", "on or off"],
    ["bar-address=82:00.0:1=0x800000001", "multiple of 4096"],
    ["bar-address=82:00.0:1=0x10000000000000", "below 2^52"],
    ["bar-address=82:00.0=0x800000000", "BDF:INDEX=0x"],
    ["mmio-hole=100", "from 256 to 3840"],
  ])("says what is wrong with %s", (text, says) => {
    expect(parseKeys(text)).toContain(says);
  });
});

describe("layers of keys", () => {
  it("let later ones win and lists grow", () => {
    expect(mergeKeys({ xen: "4.11", devices: ["a"] }, { xen: "4.12", devices: ["b"] })).toEqual({
      xen: "4.12",
      devices: ["a", "b"],
    });
  });

  it("let a change replace devices and add addresses", () => {
    const address = { bdf: "0000:82:00.0", index: 1, address: 0 };
    expect(
      overlayKeys(
        { devices: ["a"], barAddresses: [address] },
        { devices: ["b"], barAddresses: [{ ...address, index: 3 }] },
      ),
    ).toEqual({ devices: ["b"], barAddresses: [address, { ...address, index: 3 }] });
  });

  it("have a sentence for every key", () => {
    for (const { says, value } of Object.values(SCENARIO_KEYS)) {
      expect(says).not.toBe("");
      expect(value).not.toBe("");
    }
    expect(parseKey("device", "82:00.0")).toEqual({ devices: ["82:00.0"] });
  });
});
