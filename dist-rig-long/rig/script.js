/** Whether a script looks at dom0 itself, or changes it for those that come after it in a boot. */
export const concernsDom0 = (script) => script.domains.length === 0 || script.operations.some((operation) => operation.domain === 0);
