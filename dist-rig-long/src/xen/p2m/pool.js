import { freeTables, newTable } from "../../radix/edit.js";
/**
 * A P2M table from the domain's paging pool, every slot empty; null when the pool is dry (xen-mapping.md 11.1). Nothing
 * refills the pool.
 */
export function takeTable(domain) {
    const { pool, ledger } = domain;
    if (pool.used >= pool.pages)
        return null;
    pool.used++;
    ledger.p2mTables++;
    if (domain.p2m.format.name === "ept")
        ledger.p2mTableInits += 512;
    return newTable(domain.p2m);
}
/** Give one table back to the pool. */
export function giveTable(domain, table) {
    domain.p2m.memory.free(table);
    domain.pool.used--;
    domain.ledger.p2mTablesFreed++;
}
/** Give back the table that an entry of `level` pointed to, and everything below it. */
export function giveSubtree(domain, lo, hi, level) {
    freeTables(domain.p2m, lo, hi, level, (table) => giveTable(domain, table));
}
