import { randomInt } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootBochs } from "./bochs.js";
import { buildPayload } from "./build-payload.js";
import { fetchedXen } from "./fetch-xen.js";
import { checkpoint, look } from "./observe.js";
import { bootQemu } from "./qemu.js";
import { planRounds } from "./rounds.js";
import { scriptText } from "./script-text.js";
import { rigDevices } from "./target.js";
import { requireTools } from "./tools.js";
/** Memory of the machine that is not the domains': dom0, the hypervisor, and what a round still holds. MiB. */
const RESERVE_MIB = { qemu: 512, bochs: 128 };
const MAX_OPERATIONS = 16384;
/** Runs scripts for one target in one boot. What was observed comes in the scripts' order. */
export async function runBoot(target, scripts, options) {
    requireTools(target.emulator);
    const xen = fetchedXen(target.release);
    const payload = buildPayload(target.release, xen, target.dom0);
    const devices = rigDevices(target, scripts);
    const rounds = planRounds(scripts, {
        memoryMiB: target.memoryMiB - RESERVE_MIB[target.emulator],
        devices: devices.map((device) => device.sbdf),
        domains: 1024,
        operations: MAX_OPERATIONS,
    });
    const nonce = randomInt(1, 2 ** 32 - 1);
    const qemu = target.emulator === "qemu";
    const { text, tags } = scriptText(scripts, rounds, {
        nonce,
        wait: qemu ? "word" : "breakpoint",
        look: options.look && qemu,
    });
    const folder = mkdtempSync(join(tmpdir(), "physmap-rig-"));
    const script = join(folder, "script.txt");
    writeFileSync(script, text);
    const machineTarget = { ...target, devices: [...target.devices, ...devices.map((device) => device.argument)] };
    const files = { xen: xen.image, payload, script, folder, nonce, timeoutMs: options.timeoutMs };
    const machine = (qemu ? bootQemu : bootBochs)(machineTarget, files);
    const progress = {
        scripts,
        rounds,
        tags,
        target,
        xen,
        image: undefined,
        chosen: new Map(),
        observed: new Map(),
    };
    try {
        for (const [number, tag] of tags.entries()) {
            if (tag.kind !== "look" && tag.kind !== "checkpoint")
                continue;
            const stop = await machine.next();
            if (stop.state !== tag.kind)
                throw new Error(`the payload is at a ${stop.state}, its script at a ${tag.kind}`);
            if (tag.kind === "look")
                look(progress, stop, number);
            else
                checkpoint(progress, stop, rounds[tag.index]);
            machine.resume();
        }
    }
    catch (error) {
        await machine.stop();
        const done = progress.observed.size;
        throw new Error(`${error instanceof Error ? error.message : String(error)}\n(after ${done} of ${scripts.length} scripts)`);
    }
    const log = await machine.stop();
    return { log, observed: scripts.map((_, index) => progress.observed.get(index)) };
}
