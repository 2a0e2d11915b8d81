import type { ComponentChildren } from "preact";

interface Props {
  readonly id: string;
  readonly title: string;
  readonly says: string;
  readonly children: ComponentChildren;
}

/** One of the four views. */
export function Panel({ id, title, says, children }: Props) {
  return (
    <section id={id} class={`panel panel-${id}`} aria-labelledby={`${id}-title`} tabIndex={-1}>
      <header class="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        <p class="dim small">{says}</p>
      </header>
      {children}
    </section>
  );
}
