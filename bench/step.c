/*
 * The same loop as the model's truth engine, one 4 KiB page at a time: order decision, look-up from the root, guard on
 * the type found, walk again and make what is missing, compose the EPT entry, store, book. Prints seconds and a checksum.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MMIO_DIRECT 5
#define SVE (1ull << 63)

static uint64_t *frames[1 << 16];
static uint32_t used = 1;
static struct {
    uint64_t decisions, locks, lookups, set_entries, recalcs, entries, tables, pointers, inits, emts, specials, iterations, calls;
} ledger;
static uint64_t highest;
/* Frames that only guests may read, and RAM: what the memory type and the rights of a page depend on. */
static const uint64_t read_only[2] = {0xfec00, 0xfec01}, ram[4] = {0, 0x80000, 0x100000, 0x480000};

static int in_ranges(const uint64_t *r, int n, uint64_t f) {
    for (int i = 0; i < n; i += 2) if (f >= r[i] && f < r[i + 1]) return 1;
    return 0;
}
static uint32_t make_table(void) {
    uint64_t *t = malloc(4096);
    for (int i = 0; i < 512; i++) t[i] = SVE;
    ledger.tables++;
    ledger.inits += 512;
    frames[used] = t;
    return used++;
}
static int index_at(uint64_t gfn, int level) { return (gfn >> (9 * (level - 1))) & 511; }

static int lookup(uint64_t root, uint64_t gfn, uint64_t *entry) {
    ledger.lookups++;
    *entry = 0;
    if (gfn > highest) return 0;
    uint64_t table = root;
    for (int level = 4;; level--) {
        uint64_t e = frames[table][index_at(gfn, level)];
        *entry = e;
        if (!(e & 7) || level == 1 || (e & 0x80)) return level;
        table = (e >> 12) & 0xffffffffff;
    }
}
static uint64_t compose(uint64_t mfn) {
    ledger.emts++;
    int ro = in_ranges(read_only, 2, mfn);
    uint64_t type = ro ? 0x40 : 0;
    if (!in_ranges(ram, 4, mfn)) ledger.specials++;
    return (mfn << 12) | (ro ? 5 : 7) | 0x100 | (ro ? 0 : 0x200) | type | ((uint64_t)MMIO_DIRECT << 52) | (7ull << 58) | SVE;
}
static void recalculate(uint64_t root, uint64_t gfn) {
    ledger.recalcs++;
    uint64_t table = root;
    for (int level = 4; level >= 1; level--) {
        uint64_t e = frames[table][index_at(gfn, level)];
        if (!(e & 7) || (e & 0x38) == 0x38) return;
        table = (e >> 12) & 0xffffffffff;
    }
}
static int write_entry(uint64_t root, uint64_t gfn, uint64_t mfn) {
    ledger.set_entries++;
    recalculate(root, gfn);
    uint64_t table = root;
    for (int level = 4; level > 1; level--) {
        uint64_t *slot = &frames[table][index_at(gfn, level)];
        if (!(*slot & 7)) {
            *slot = ((uint64_t)make_table() << 12) | 0x107 | (7ull << 58) | SVE;
            ledger.pointers++;
        }
        table = (*slot >> 12) & 0xffffffffff;
    }
    frames[table][index_at(gfn, 1)] = compose(mfn);
    ledger.entries++;
    if (gfn > highest) highest = gfn;
    return 0;
}
int main(int argc, char **argv) {
    uint64_t pages = argc > 1 ? strtoull(argv[1], 0, 0) : 524288, gfn = 0x2000001, mfn = 0x4000000;
    uint64_t root = make_table();
    struct timespec a, b;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (uint64_t done = 0; done < pages;) {
        ledger.calls++;
        for (int budget = 64; budget > 0 && done < pages; budget--, done++) {
            ledger.decisions++;
            int order = ((gfn + done) | (mfn + done)) & 511 ? 0 : pages - done >= 512 ? 9 : 0;
            uint64_t old;
            ledger.locks++;
            int level = lookup(root, gfn + done, &old);
            if (order || (level == 1 && ((old >> 52) & 0x3f) == MMIO_DIRECT && (old & 7))) return 1;
            write_entry(root, gfn + done, mfn + done);
            ledger.iterations++;
        }
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    printf("%.6f %llu\n", (b.tv_sec - a.tv_sec) + (b.tv_nsec - a.tv_nsec) / 1e9, (unsigned long long)(ledger.entries + ledger.tables));
    return 0;
}
