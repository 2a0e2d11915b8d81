import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** A large thing that may be scrolled; where it is, the keyboard can get at it. */
export function ScrollBox({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    const box = ref.current!;
    const observer = new ResizeObserver(() => {
      if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
    observer.observe(box);
    if (box.firstElementChild) observer.observe(box.firstElementChild);
    return () => observer.disconnect();
  }, []);
  return (
    <section ref={ref} class="scroll" aria-label={label}>
      {children}
    </section>
  );
}
