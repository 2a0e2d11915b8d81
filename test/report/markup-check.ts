/** Elements without content. */
const VOID = new Set(["meta", "br", "hr"]);

/** What a document is made of, checked as strictly as XML is: every tag closed in turn, every value quoted. */
export interface Parsed {
  readonly tags: readonly { readonly name: string; readonly attributes: ReadonlyMap<string, string> }[];
  /** Text between tags, entities resolved. */
  readonly text: string;
}

const ENTITY: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function resolved(text: string): string {
  if (/[<>]/.test(text)) throw new Error(`a bare angle bracket: ${text.slice(0, 80)}`);
  return text.replace(/&([^;]*);?/g, (all, name: string) => {
    const character = ENTITY[name];
    if (character === undefined || !all.endsWith(";")) throw new Error(`a bare ampersand: ${all.slice(0, 20)}`);
    return character;
  });
}

/** Parse HTML or SVG that we wrote. Throws where it is not well-formed. */
export function parsed(source: string): Parsed {
  const tags: { name: string; attributes: Map<string, string> }[] = [];
  const open: string[] = [];
  let text = "";
  let rest = source.replace(/^<!doctype html>\n/, "");
  while (rest !== "") {
    const tag = /^<(\/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[a-zA-Z][a-zA-Z0-9-]*="[^"<]*")*)\s*(\/?)>/.exec(rest);
    if (!tag) {
      const end = rest.slice(1).search("<") + 1 || rest.length;
      const piece = rest.slice(0, end);
      text += open.at(-1) === "style" ? "" : resolved(piece);
      rest = rest.slice(end);
      continue;
    }
    rest = rest.slice(tag[0].length);
    const [, closing, name, list, selfClosed] = tag;
    if (closing) {
      if (open.pop() !== name) throw new Error(`</${name}> closes something else`);
      continue;
    }
    const attributes = new Map<string, string>();
    for (const [, key, value] of list!.matchAll(/([a-zA-Z][a-zA-Z0-9-]*)="([^"]*)"/g)) {
      if (attributes.has(key!)) throw new Error(`${key} twice`);
      attributes.set(key!, resolved(value!));
    }
    tags.push({ name: name!, attributes });
    if (!selfClosed && !VOID.has(name!)) open.push(name!);
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)}> is not closed`);
  return { tags, text };
}

/** Throws where a document could do, load or lead to anything, or where its references go nowhere. */
export function harmless({ tags }: Parsed): void {
  const ids = tags.flatMap(({ attributes }) => attributes.get("id") ?? []);
  if (new Set(ids).size !== ids.length) throw new Error("an id is there twice");
  for (const { name, attributes } of tags) {
    if (
      ["script", "iframe", "object", "embed", "link", "img", "image", "use", "a", "foreignObject", "form"].includes(
        name,
      )
    )
      throw new Error(`<${name}>`);
    for (const [key, value] of attributes) {
      if (/^on/i.test(key) || ["href", "src", "action", "srcdoc"].includes(key)) throw new Error(`${name} ${key}`);
      const refers = [
        ...value.matchAll(/url\(#([^)]*)\)/g),
        ...(key === "aria-labelledby" ? value.matchAll(/(\S+)/g) : []),
      ].map(([, id]) => id!);
      for (const id of refers) if (!ids.includes(id)) throw new Error(`${key} refers to ${id}, which is not there`);
      if (/url\((?!#)/.test(value)) throw new Error(`${key}: ${value}`);
    }
  }
}
