import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { open, roots, source } from "../state/store.ts";
import { dropInput, inputsNow, takeFiles, takeTexts } from "./take.ts";

/** Paste, choose or drop what one has; see and take away what is open. */
export function OpenDialog({ onClose }: { readonly onClose: () => void }) {
  const ref = useRef<HTMLDialogElement>(null);
  const pasted = useSignal("");
  useEffect(() => ref.current?.showModal(), []);
  const close = (): void => ref.current?.close();
  return (
    <dialog ref={ref} aria-labelledby="open-title" onClose={onClose}>
      <h2 id="open-title">Open your own</h2>
      <p>
        <code>lspci -vvvnn</code>, <code>xl.cfg</code>, <code>xl info</code>, <code>xl dmesg</code>, a command line, a
        snapshot, a dump of page tables as text, or a memory image. What each is, is told from its content. Nothing
        leaves this page.
      </p>
      <form
        method="dialog"
        onSubmit={() => {
          if (pasted.value.trim() !== "") void takeTexts([{ name: "pasted", text: pasted.value }]);
        }}
      >
        <label class="block">
          Paste text
          <textarea
            rows={8}
            spellcheck={false}
            placeholder={
              "82:00.0 3D controller [0302]: NVIDIA Corporation …\n\tRegion 1: Memory at 383800000000 (64-bit, prefetchable) [size=32G]"
            }
            value={pasted.value}
            onInput={(event) => {
              pasted.value = event.currentTarget.value;
            }}
          />
        </label>
        <div class="row">
          <button type="submit" class="primary" disabled={pasted.value.trim() === ""}>
            Open the text
          </button>
          <label class="file">
            or choose files{" "}
            <input
              type="file"
              multiple
              onChange={(event) => {
                close();
                void takeFiles([...(event.currentTarget.files ?? [])]);
              }}
            />
          </label>
        </div>
      </form>
      {inputsNow().length > 0 && (
        <>
          <h3>Open now</h3>
          <ul class="inputs">
            {inputsNow().map(({ name, says }, i) => (
              <li key={name}>
                <span>
                  <code>{name}</code> <span class="dim">{says}</span>
                </span>
                <button
                  type="button"
                  aria-label={`Take away ${name}`}
                  onClick={() => {
                    close();
                    void dropInput(i);
                  }}
                >
                  Take away
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {source.value.kind === "own" && source.value.files.length > 0 && <Roots onDone={close} />}
      <div class="row end">
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </dialog>
  );
}

/** Roots of a memory image by hand, for one in which none are found, or the wrong ones. */
function Roots({ onDone }: { readonly onDone: () => void }) {
  const text = useSignal(roots.value.join(" "));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        roots.value = text.value.split(/\s+/).filter((each) => each !== "");
        onDone();
        void open();
      }}
    >
      <label class="block">
        Roots in the memory image (empty: look for them)
        <input
          type="text"
          placeholder="ept:0x1f9f9000:4 vtd:0x2a000000:4"
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
        />
      </label>
      <button type="submit">Read these</button>
    </form>
  );
}
