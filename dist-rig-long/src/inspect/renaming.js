export function newRenaming() {
    const pairs = [];
    return {
        add(a, b, pages, frame) {
            const last = pairs.at(-1);
            if (last && last.a + last.pages === a && last.b + last.pages === b && last.frame + last.pages === frame)
                last.pages += pages;
            else
                pairs.push({ a, b, pages, frame });
        },
        conflicts: () => [...overlaps(pairs, "a"), ...overlaps(pairs, "b")],
    };
}
/** Pairs that overlap an earlier one on one side at another distance from the other side. */
function overlaps(pairs, side) {
    const sorted = [...pairs].sort((p, q) => p[side] - q[side]);
    const conflicts = [];
    let end = -1;
    let distance = 0;
    for (const { a, b, pages, frame, [side]: start } of sorted) {
        if (start >= end) {
            end = start + pages;
            distance = b - a;
            continue;
        }
        if (b - a !== distance)
            conflicts.push({ frame, a, b });
        else
            end = Math.max(end, start + pages);
    }
    return conflicts;
}
