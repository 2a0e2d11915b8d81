import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { type BootFiles, lostLine, type Machine, tail } from "./machine.ts";
import { findMailbox, type Mailbox, readControl, readText } from "./mailbox.ts";
import { type EmulatorProcess, startEmulator } from "./process.ts";
import { runProgram } from "./programs.ts";
import { openRam, type Ram } from "./ram.ts";
import type { Target } from "./target.ts";

/** Linear address of the hypervisor's map of all memory: the debugger's `writemem` takes no physical ones. */
const DIRECT_MAP = "0xffff830000000000";

const QUIT_MS = 20_000;
/** Instructions a second of the machine's own time: few, since firmware and hypervisor wait for time to pass. */
const INSTRUCTIONS_A_SECOND = 10_000_000;

/** GRUB with multiboot version 1 (version 2 triple-faults here: rig.md 2). */
function makeIso(target: Target, files: BootFiles): string {
  const tree = join(files.folder, "iso");
  mkdirSync(join(tree, "boot", "grub"), { recursive: true });
  copyFileSync(files.xen, join(tree, "boot", "xen"));
  copyFileSync(files.payload, join(tree, "boot", "dom0"));
  copyFileSync(files.script, join(tree, "boot", "script"));
  const menu = [
    "set timeout=0",
    "menuentry rig {",
    `  multiboot /boot/xen xen ${target.cmdline}`,
    "  module /boot/dom0 dom0",
    "  module /boot/script script",
    "}",
  ];
  writeFileSync(join(tree, "boot", "grub", "grub.cfg"), `${menu.join("\n")}\n`);
  const iso = join(files.folder, "boot.iso");
  runProgram("grub-mkrescue", ["-o", iso, tree]);
  return iso;
}

const configuration = (target: Target, iso: string): string =>
  [
    'display_library: rfb, options="timeout=0"',
    "sound: driver=dummy",
    "magic_break: enabled=1",
    `cpu: model=${target.processor[0]}, ips=${INSTRUCTIONS_A_SECOND}, reset_on_triple_fault=0`,
    "clock: sync=none",
    `megs: ${target.memoryMiB}`,
    "romimage: file=/usr/share/bochs/BIOS-bochs-latest",
    "vgaromimage: file=/usr/share/seabios/vgabios-stdvga.bin",
    `ata0-master: type=cdrom, path=${iso}, status=inserted`,
    "boot: cdrom",
    "com1: enabled=1, mode=file, dev=serial.log",
    "log: bochs.log",
    "panic: action=report",
    "",
  ].join("\n");

/**
 * A pipe for Bochs's standard input. It must not be a socket, as child processes have by default: this Bochs's display
 * sends its picture to descriptor 0 while no viewer is connected, and would wait for ever for somebody to take it.
 */
function makeInput(folder: string): number {
  const pipe = join(folder, "input");
  runProgram("mkfifo", [pipe]);
  return openSync(pipe, "r+");
}

/** Bochs's debugger on its standard input and output. */
interface Debugger {
  /** Sends a command when there is one, and resolves with what was printed up to the next prompt. */
  ask(command: string | undefined, timeoutMs: number): Promise<string>;
}

function debuggerOf(emulator: EmulatorProcess, input: number): Debugger {
  let output = "";
  let prompted: ((text: string) => void) | undefined;
  const look = (): void => {
    if (prompted === undefined || !/<bochs:\d+> $/.test(output)) return;
    const answer = output;
    output = "";
    prompted(answer);
  };
  emulator.child.stdout?.setEncoding("latin1").on("data", (text: string) => {
    output += text;
    look();
  });
  return {
    async ask(command, timeoutMs) {
      const answer = new Promise<string>((resolve) => {
        prompted = resolve;
      });
      if (command !== undefined) writeSync(input, `${command}\n`);
      else look();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<undefined>((resolve) => {
        timer = setTimeout(resolve, timeoutMs, undefined);
      });
      const text = await Promise.race([answer, late, emulator.ended.then(() => undefined)]);
      clearTimeout(timer);
      prompted = undefined;
      if (text !== undefined) return text;
      throw new Error(
        emulator.hasEnded()
          ? `the emulator ended by itself\n${tail(output)}`
          : `the emulator did not come back within ${timeoutMs / 1000} s`,
      );
    },
  };
}

/** Boots a target in Bochs: VMX with EPT, no IOMMU. At each stop its memory is dumped into a file. */
export function bootBochs(target: Target, files: BootFiles): Machine {
  writeFileSync(join(files.folder, "bochsrc"), configuration(target, makeIso(target, files)));
  const input = makeInput(files.folder);
  const emulator = startEmulator("bochs", ["-q", "-f", "bochsrc"], files.folder, input);
  const control = debuggerOf(emulator, input);
  const serial = join(files.folder, "serial.log");
  const dump = join(files.folder, "ram");
  const log = (): string => (existsSync(serial) ? readFileSync(serial, "latin1") : "");
  let ram: Ram | undefined;
  let mailbox: Mailbox | undefined;
  let prompted = false;
  let turn = 0;
  let stopped: Promise<string> | undefined;

  const forgetDump = (): void => {
    ram?.close();
    ram = undefined;
  };
  const complain = (what: string): never => {
    throw new Error([what, lostLine(log()), tail(log())].filter((part) => part).join("\n"));
  };
  const ask = async (command?: string): Promise<string> => {
    try {
      return await control.ask(command, files.timeoutMs);
    } catch (error) {
      return complain(error instanceof Error ? error.message : String(error));
    }
  };

  return {
    async next() {
      if (!prompted) await ask();
      prompted = true;
      const answer = await ask("c");
      if (!answer.includes("Magic breakpoint")) complain(`the machine stopped for something else: ${tail(answer, 4)}`);
      await ask(`writemem "${dump}" ${DIRECT_MAP} ${target.memoryMiB * 2 ** 20}`);
      forgetDump();
      ram = openRam(dump, [{ start: 0, pages: target.memoryMiB * 256, at: 0 }]);
      mailbox ??= findMailbox(ram, files.nonce);
      const state = mailbox && readControl(ram, mailbox);
      if (mailbox === undefined || state === undefined || state.state === "running" || state.turn !== ++turn)
        return complain("the memory that was dumped does not hold the payload's answer");
      if (state.overflow) complain("the payload's mailbox overflowed: fewer operations in a round");
      const [memory, box] = [ram, mailbox];
      return { state: state.state, ram, text: () => readText(memory, box), look: state.look };
    },
    resume() {
      // Until the next dump, the last one stays readable.
    },
    stop() {
      stopped ??= (async () => {
        // The payload lets the console drain before it ends; asked to quit, Bochs writes out what it has kept back of it.
        const quit = async (): Promise<void> => {
          if (ram !== undefined) await control.ask("c", QUIT_MS);
          await control.ask("q", QUIT_MS);
        };
        await quit().catch(() => emulator.child.kill("SIGKILL"));
        await emulator.ended;
        const text = log();
        closeSync(input);
        forgetDump();
        rmSync(files.folder, { recursive: true, force: true });
        return text;
      })();
      return stopped;
    },
  };
}
