/** Circles among imports. Those of types count: they tie two files together as firmly. */

/** One violation a circle found, at the import that closes it. */
export function circles(imports) {
  const edges = new Map();
  for (const each of imports) edges.set(each.file, [...(edges.get(each.file) ?? []), each]);
  const done = new Set();
  const found = [];

  function visit(file, path) {
    if (done.has(file)) return;
    for (const { line, target } of edges.get(file) ?? []) {
      if (target === null) continue;
      const here = [...path, file];
      const start = here.indexOf(target);
      if (start < 0) visit(target, here);
      else found.push({ file, line, says: `circle: ${[...here.slice(start), target].join(" → ")}` });
    }
    done.add(file);
  }

  for (const file of edges.keys()) visit(file, []);
  return found;
}
