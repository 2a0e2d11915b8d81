import { useSignal } from "@preact/signals";
import { EXAMPLES } from "./examples.ts";
import { ExportMenu } from "./export/export-menu.tsx";
import { dragging } from "./inputs/drop.ts";
import { OpenDialog } from "./inputs/open-dialog.tsx";
import { ScenarioForm } from "./inputs/scenario-form.tsx";
import { takeExample } from "./inputs/take.ts";
import { MapView } from "./map/map-view.tsx";
import { ReasonsView } from "./reasons/reasons-view.tsx";
import { namesOf } from "./state/link.ts";
import { cancel, failure, picture, source, working } from "./state/store.ts";
import { theme, toggleTheme } from "./state/theme.ts";
import { TimelineView } from "./timeline/timeline-view.tsx";
import { TreeView } from "./tree/tree-view.tsx";
import { Panel } from "./ui/panel.tsx";

/** The page: what is open, and four views on it. */
export function App() {
  const shown = picture.value;
  return (
    <>
      <button type="button" class="skip" onClick={() => skipTo("map")}>
        Skip to the address map
      </button>
      <Top />
      <main aria-busy={working.value !== null}>
        <Status />
        {shown && (
          <>
            <Subject />
            <div class="views">
              <Panel id="map" title="Address map" says="Where everything lies in guest physical space">
                <MapView />
              </Panel>
              <Panel id="tree" title="Tree" says="The page tables from root to leaf, entry by entry">
                <TreeView />
              </Panel>
              <Panel id="reasons" title="Reasons and advice" says="Why, and what to change">
                <ReasonsView />
                {shown.plan && <ScenarioForm />}
              </Panel>
              <Panel id="timeline" title="Timeline" says="The mapping as it happens, call by call">
                <TimelineView />
              </Panel>
            </div>
          </>
        )}
      </main>
      {dragging.value && (
        <div class="drop-here" aria-hidden="true">
          Drop it: it is read here and goes nowhere
        </div>
      )}
    </>
  );
}

/** The fragment belongs to the state, so that links inside the page move the focus by hand. */
function skipTo(id: string): void {
  const target = document.getElementById(id);
  target?.scrollIntoView();
  target?.focus();
}

function Top() {
  const opening = useSignal(false);
  const now = source.value;
  return (
    <header class="top">
      <h1>
        <span class="mark" aria-hidden="true" /> Physmap
      </h1>
      <nav aria-label="Examples" class="examples">
        {EXAMPLES.map(({ name, title, says }) => (
          <button
            key={name}
            type="button"
            title={says}
            aria-pressed={now.kind === "example" && now.name === name}
            onClick={() => void takeExample(name)}
          >
            {title}
          </button>
        ))}
        <button
          type="button"
          class="primary"
          onClick={() => {
            opening.value = true;
          }}
        >
          Open your own…
        </button>
      </nav>
      <button type="button" class="theme" onClick={toggleTheme}>
        {theme.value === "dark" ? "Light" : "Dark"}
      </button>
      {opening.value && (
        <OpenDialog
          onClose={() => {
            opening.value = false;
          }}
        />
      )}
    </header>
  );
}

/** What is being done, and what went wrong. */
function Status() {
  const now = working.value;
  return (
    <>
      <div role="status" class="status">
        {now && (
          <p class="notice">
            <progress value={now.part} aria-label="Progress" /> {now.says} …{" "}
            {picture.value && (
              <button type="button" onClick={cancel}>
                Cancel
              </button>
            )}
          </p>
        )}
      </div>
      {failure.value && (
        <p role="alert" class="notice bad">
          {failure.value}
        </p>
      )}
    </>
  );
}

/** What is open, in a sentence; links to the views; ways to take it away. */
function Subject() {
  const shown = picture.value!;
  const views: readonly (readonly [string, string])[] = [
    ["map", "Map"],
    ["tree", "Tree"],
    ["reasons", "Reasons"],
    ["timeline", "Timeline"],
  ];
  return (
    <section class="subject" aria-label="What is open">
      <div>
        <h2>{shown.title}</h2>
        <p class="dim">
          {shown.says} <span class="small">({namesOf(source.value).join(", ")})</span>
        </p>
        {shown.kind === "tables" &&
          shown.notes.slice(0, 6).map((note) => (
            <p key={note} class="small dim">
              {note}
            </p>
          ))}
      </div>
      <div class="subject-tools">
        <nav aria-label="Views" class="jump">
          {views.map(([id, title]) => (
            <button key={id} type="button" class="link" onClick={() => skipTo(id)}>
              {title}
            </button>
          ))}
        </nav>
        <ExportMenu />
      </div>
    </section>
  );
}
