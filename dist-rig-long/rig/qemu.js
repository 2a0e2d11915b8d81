import { closeSync, existsSync, openSync, readFileSync, rmSync, statfsSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lostLine, tail } from "./machine.js";
import { findMailbox, finishTurn, readControl, readText } from "./mailbox.js";
import { startEmulator } from "./process.js";
import { openRam, q35Pieces } from "./ram.js";
const POLL_MS = 1;
/** The console is looked at for a crash this often. */
const LOG_POLL_MS = 500;
/** A file for the machine's memory: in memory itself where there is room for it. */
function makeRamFile(folder, nonce, bytes) {
    const shared = "/dev/shm";
    const fits = existsSync(shared) && statfsSync(shared).bavail * statfsSync(shared).bsize > 1.5 * bytes;
    const file = fits ? join(shared, `physmap-rig-${process.pid}-${nonce.toString(16)}`) : join(folder, "ram");
    closeSync(openSync(file, "w"));
    truncateSync(file, bytes);
    return file;
}
function qemuArguments(target, files, ram, serial) {
    const backend = `memory-backend-file,id=m0,size=${target.memoryMiB}M,mem-path=${ram},share=on`;
    return [
        ...["-nodefaults", "-display", "none", "-no-reboot"],
        ...["-machine", "q35,memory-backend=m0", "-object", backend, "-m", String(target.memoryMiB)],
        ...target.processor,
        ...target.devices.flatMap((device) => ["-device", device]),
        ...["-kernel", files.xen, "-initrd", `${files.payload},${files.script}`, "-append", target.cmdline],
        ...["-serial", `file:${serial}`],
    ];
}
/** Boots a target in QEMU, without hardware virtualisation. Its memory is a shared file: read while it runs. */
export function bootQemu(target, files) {
    const ramFile = makeRamFile(files.folder, files.nonce, target.memoryMiB * 2 ** 20);
    const serial = join(files.folder, "serial.log");
    const log = () => (existsSync(serial) ? readFileSync(serial, "latin1") : "");
    const emulator = startEmulator("qemu-system-x86_64", qemuArguments(target, files, ramFile, serial), files.folder);
    const ram = openRam(ramFile, q35Pieces(target.memoryMiB), true);
    let mailbox;
    let turn = 0;
    let stopped;
    const lookForMailbox = () => {
        if (mailbox !== undefined || !log().includes("physmap-rig: started"))
            return;
        mailbox = findMailbox(ram, files.nonce);
        // Both sides have it open: it needs no name any more, and goes with them however they end.
        if (mailbox)
            rmSync(ramFile, { force: true });
    };
    const complain = async (what) => {
        const said = emulator.hasEnded() ? await emulator.ended : "";
        throw new Error(`${what}\n${said}${tail(log())}`);
    };
    const checkHealth = async (deadline) => {
        const lost = lostLine(log());
        if (lost !== undefined)
            await complain(`the hypervisor or its dom0 crashed: ${lost}`);
        if (emulator.hasEnded())
            await complain("the emulator ended by itself");
        if (Date.now() > deadline)
            await complain(`nothing happened for ${files.timeoutMs / 1000} s`);
    };
    const arrived = (control) => control !== undefined && control.state !== "running" && control.turn === turn + 1;
    return {
        async next() {
            const deadline = Date.now() + files.timeoutMs;
            let nextLogPoll = 0;
            for (;;) {
                const control = mailbox && readControl(ram, mailbox);
                if (mailbox && arrived(control)) {
                    turn = control.turn;
                    if (control.overflow)
                        await complain("the payload's mailbox overflowed: fewer operations in a round");
                    const box = mailbox;
                    return { state: control.state, ram, text: () => readText(ram, box), look: control.look };
                }
                if (Date.now() >= nextLogPoll) {
                    await checkHealth(deadline);
                    lookForMailbox();
                    nextLogPoll = Date.now() + (mailbox ? LOG_POLL_MS : 50);
                }
                await sleep(POLL_MS);
            }
        },
        resume() {
            if (mailbox)
                finishTurn(ram, mailbox, turn);
        },
        stop() {
            stopped ??= (async () => {
                emulator.child.kill("SIGKILL");
                await emulator.ended;
                const text = log();
                ram.close();
                rmSync(ramFile, { force: true });
                rmSync(files.folder, { recursive: true, force: true });
                return text;
            })();
            return stopped;
        },
    };
}
