const callNumbers = (calls, prefix = "") => ({
    [`${prefix}result`]: calls?.result ?? 0,
    [`${prefix}pagesDone`]: calls?.pagesDone ?? 0,
    [`${prefix}hypercalls`]: calls?.hypercalls ?? 0,
    [`${prefix}firstReturn`]: calls?.firstReturn ?? 0,
    [`${prefix}lastReturn`]: calls?.lastReturn ?? 0,
});
/** All that a result says, as numbers under like names; what was not counted is 0. */
const numbers = (result) => ({
    ...callNumbers(result),
    ...callNumbers(result.undo, "undo."),
    populated: result.populated ?? 0,
    released: ("released" in result ? result.released : "decreased" in result ? result.decreased : undefined) ?? 0,
    crashed: result.crashed ? 1 : 0,
});
/** Every number in which the results of a script differ. Cycles and chosen frames take no part. */
export function compareResults(xen, model) {
    const differences = [];
    if (xen.length !== model.length)
        differences.push({ operation: -1, field: "operations", xen: xen.length, model: model.length });
    for (let i = 0; i < Math.min(xen.length, model.length); i++) {
        const left = numbers(xen[i]);
        const right = numbers(model[i]);
        for (const [field, value] of Object.entries(left))
            if (value !== right[field])
                differences.push({ operation: i, field, xen: value, model: right[field] });
    }
    return differences;
}
