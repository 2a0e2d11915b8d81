import { describe, expect, it } from "vitest";
import { findMailbox, finishTurn, readControl, readText } from "../../rig/mailbox.ts";
import type { Mfn } from "../../src/address.ts";
import { type TestRam, testRam } from "./memory.ts";

const NONCE = 0x1234abcd;

/** Writes text into a frame, as bytes from a byte offset on. */
function putBytes(ram: TestRam, mfn: number, offset: number, text: string): void {
  new Uint8Array(ram.frame(mfn as Mfn)!.buffer).set(new TextEncoder().encode(text), offset);
}

function textPage(ram: TestRam, mfn: number, nonce: number, index: number, text: string): void {
  putBytes(ram, mfn, 0, "PYMPTXT1");
  ram.put(mfn * 4096 + 8, BigInt(nonce));
  ram.put(mfn * 4096 + 16, (BigInt(text.length) << 32n) | BigInt(index));
  putBytes(ram, mfn, 24, text);
}

/** A mailbox whose pages lie in disorder, beside one of another run (rig/payload/mailbox.c). */
function machine(): TestRam {
  const ram = testRam(0x100);
  putBytes(ram, 0x20, 0, "PYMPCTL1");
  ram.put(0x20008, BigInt(NONCE));
  ram.put(0x20010, (5n << 32n) | 2n);
  ram.put(0x20018, 3n << 32n);
  ram.put(0x20020, 7n << 32n);
  ram.put(0x20028, 4n);
  textPage(ram, 0x80, NONCE, 0, "1 ret=0\n2 ");
  textPage(ram, 0x10, NONCE, 1, "ret=-22\n");
  textPage(ram, 0x90, NONCE, 2, "");
  textPage(ram, 0x70, NONCE + 1, 0, "another run's");
  return ram;
}

describe("mailbox", () => {
  it("is found wherever its pages lie", () => {
    expect(findMailbox(machine(), NONCE)).toEqual({ control: 0x20, text: [0x80, 0x10, 0x90] });
  });

  it("is not there before all its pages are", () => {
    const ram = machine();
    ram.put(0x90000, 0n);
    expect(findMailbox(ram, NONCE)).toBeUndefined();
    expect(findMailbox(machine(), NONCE + 1)).toBeUndefined();
  });

  it("says what the payload waits for, and takes the host's answer", () => {
    const ram = machine();
    const mailbox = findMailbox(ram, NONCE)!;
    expect(readControl(ram, mailbox)).toEqual({
      state: "look",
      turn: 5,
      overflow: false,
      look: { domain: 7, populated: 4 },
    });
    finishTurn(ram, mailbox, 5);
    expect(ram.frame(mailbox.control)![6]).toBe(5);
  });

  it("joins the text of its pages", () => {
    const ram = machine();
    expect(readText(ram, findMailbox(ram, NONCE)!)).toBe("1 ret=0\n2 ret=-22\n");
  });
});
