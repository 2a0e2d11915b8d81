/*
 * The same work as the model's for Xen 4.16 on AMD with a misaligned BAR, in plain C: 4 KiB entries in a four-level
 * NPT-like tree and in a four-level AMD-Vi-like one, counters included.
 *
 *   tables fill PAGES   the tables alone: every table made and filled, 512 entries at a time
 *   tables set PAGES    the tables alone, page by page: in both trees a walk from the root, tables made on the way, a store
 *   tables map PAGES    page by page, 64 a call, with the rules: order, read-only ranges, look-up, guard, walk, store in
 *                       both trees, flush decision, counters
 *
 * Prints nanoseconds of processor time (the best of three rounds), the entries written, and a sum over them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MFN_BASE 0x38000000ull
#define POOL_BASE 0x1000ull
#define BUDGET 64

static uint64_t *pool;
static uint64_t pool_used, pool_size;

struct range { uint64_t start, end; };
static const struct range read_only[] = { { 0x1000, 0x1002 } };
static const struct range permitted[] = { { 0, 1ull << 40 } };

static struct ledger {
    uint64_t hypercalls, positive_returns, iterations, order_decisions, retries, read_only_tests, locks, lookups,
        set_entries, recalc_walks, p2m_entries, p2m_tables, p2m_pointers, tlb_flushes, iommu_map_calls, iommu_vendor_calls, iommu_entries,
        iommu_tables, iommu_pointers, iotlb_flushes, iotlb_commands;
} ledger;

static uint64_t highest_gfn;

static uint64_t *frame(uint64_t mfn) { return pool + (mfn - POOL_BASE) * 512; }

static uint64_t take(void)
{
    if (pool_used == pool_size) {
        fputs("the pool is dry\n", stderr);
        exit(1);
    }
    uint64_t mfn = POOL_BASE + pool_used++;
    memset(frame(mfn), 0, 4096);
    return mfn;
}

static unsigned index_at(uint64_t fn, int level) { return (fn >> (9 * (level - 1))) & 511; }
static uint64_t frame_of(uint64_t entry) { return (entry >> 12) & 0xffffffffffull; }
static int is_present(uint64_t entry) { return (entry & 7) != 0; }
static int is_leaf(uint64_t entry, int level) { return level == 1 || (entry & 0x80); }

/* Walks to `stop`, or above it to the first entry that is no table; returns the level reached. */
static int walk(uint64_t root, uint64_t fn, int stop, uint64_t **slot)
{
    uint64_t table = root;
    for (int level = 4;; level--) {
        uint64_t *at = frame(table) + index_at(fn, level);
        *slot = at;
        if (level <= stop || !is_present(*at) || is_leaf(*at, level))
            return level;
        table = frame_of(*at);
    }
}

static int overlaps(const struct range *ranges, size_t n, uint64_t start, uint64_t pages)
{
    for (size_t i = 0; i < n; i++)
        if (ranges[i].start < start + pages && start < ranges[i].end)
            return 1;
    return 0;
}

static int contains(const struct range *ranges, size_t n, uint64_t start, uint64_t pages)
{
    for (size_t i = 0; i < n; i++)
        if (ranges[i].start <= start && start + pages <= ranges[i].end)
            return 1;
    return 0;
}

/* Hot code of the model finds these in its machine and domain, so a compiler must not know them here either. */
static volatile int v_has_2m = 1, v_hap = 1, v_shared = 0, v_domain = 1;
static int has_2m, hap, shared, guards;

static int mmio_order(uint64_t gfn, uint64_t mfn, uint64_t left)
{
    ledger.order_decisions++;
    if (!hap || !shared || !has_2m)
        return 0;
    if (((gfn | mfn) & 511) == 0 && left >= 512)
        return 9;
    return 0;
}

static uint64_t reach(uint64_t root, uint64_t fn, uint64_t **slot, uint64_t *tables, uint64_t *pointers)
{
    for (;;) {
        int level = walk(root, fn, 1, slot);
        if (level == 1)
            return **slot;
        uint64_t table = take();
        **slot = table << 12 | 7;
        (*tables)++;
        (*pointers)++;
    }
}

static int map_one(uint64_t p2m, uint64_t iommu, uint64_t gfn, uint64_t mfn, uint64_t left)
{
    uint64_t *slot;
    int order = mmio_order(gfn, mfn, left);
    if (order > 0) {
        ledger.read_only_tests++;
        if (overlaps(read_only, 1, mfn, 1ull << order))
            ledger.retries++;
    }
    ledger.locks++;
    ledger.lookups++;
    if (gfn <= highest_gfn) {
        walk(p2m, gfn, 1, &slot);
        if (is_present(*slot) && guards)
            return -1;
    }
    /* Marks on the way, then the slot itself. */
    ledger.set_entries++;
    ledger.recalc_walks++;
    walk(p2m, gfn, 1, &slot);
    uint64_t old = reach(p2m, gfn, &slot, &ledger.p2m_tables, &ledger.p2m_pointers);
    *slot = mfn << 12 | 5ull << 52 | 7;
    ledger.p2m_entries++;
    if (gfn > highest_gfn)
        highest_gfn = gfn;
    if (is_present(old))
        ledger.tlb_flushes++;
    if (frame_of(old) == mfn && is_present(old))
        return 0;
    ledger.iommu_map_calls++;
    ledger.iommu_vendor_calls++;
    uint64_t was = reach(iommu, gfn, &slot, &ledger.iommu_tables, &ledger.iommu_pointers);
    if (was == (mfn << 12 | 3))
        return 0;
    *slot = mfn << 12 | 3;
    ledger.iommu_entries++;
    ledger.iotlb_flushes++;
    if (is_present(was))
        ledger.iotlb_commands++;
    return 0;
}

static uint64_t call(uint64_t p2m, uint64_t iommu, uint64_t gfn, uint64_t mfn, uint64_t left)
{
    ledger.hypercalls++;
    if (!contains(permitted, 1, mfn, left))
        exit(1);
    uint64_t done = 0;
    while (done < left && done < BUDGET) {
        if (map_one(p2m, iommu, gfn + done, mfn + done, left - done) != 0)
            exit(1);
        done++;
        ledger.iterations++;
    }
    if (done < left)
        ledger.positive_returns++;
    return done;
}

static void fill(uint64_t root, uint64_t gfn, uint64_t mfn, uint64_t pages, uint64_t flags)
{
    uint64_t none = 0, *slot;
    for (uint64_t done = 0; done < pages; done += 512) {
        reach(root, gfn + done, &slot, &none, &none);
        for (int i = 0; i < 512; i++)
            slot[i] = (mfn + done + i) << 12 | flags;
    }
    ledger.p2m_entries += pages;
}

static void set_each(uint64_t p2m, uint64_t iommu, uint64_t gfn, uint64_t mfn, uint64_t pages)
{
    uint64_t none = 0, *slot;
    for (uint64_t i = 0; i < pages; i++) {
        reach(p2m, gfn + i, &slot, &none, &none);
        *slot = (mfn + i) << 12 | 5ull << 52 | 7;
        reach(iommu, gfn + i, &slot, &none, &none);
        *slot = (mfn + i) << 12 | 3;
    }
    ledger.p2m_entries += pages;
}

int main(int argc, char **argv)
{
    uint64_t pages = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
    const char *mode = argc > 1 ? argv[1] : "";
    int fills = strcmp(mode, "fill") == 0, sets = strcmp(mode, "set") == 0, maps = strcmp(mode, "map") == 0;
    if (pages == 0 || pages % 512 != 0 || !(fills || sets || maps)) {
        fputs("usage: tables fill|set|map PAGES (a multiple of 512)\n", stderr);
        return 2;
    }
    has_2m = v_has_2m;
    hap = v_hap;
    shared = v_shared;
    guards = v_domain;
    pool_size = 64 + 2 * (pages / 512 + pages / 262144 + 4);
    /* Twice, so that the pages are there the second time, as they are in a warm process. */
    double best = 0;
    uint64_t sum = 0;
    pool = malloc(pool_size * 4096);
    if (!pool)
        return 1;
    for (int round = 0; round < 3; round++) {
        pool_used = 0;
        highest_gfn = 0;
        memset(&ledger, 0, sizeof ledger);
        clock_t start = clock();
        uint64_t p2m = take(), iommu = take(), gfn = 0x1000000;
        if (fills) {
            fill(p2m, gfn, MFN_BASE, pages, 5ull << 52 | 7);
            fill(iommu, gfn, MFN_BASE, pages, 3);
        } else if (sets) {
            set_each(p2m, iommu, gfn, MFN_BASE, pages);
        } else {
            for (uint64_t done = 0; done < pages;)
                done += call(p2m, iommu, gfn + done, MFN_BASE + done, pages - done);
        }
        double ns = (double)(clock() - start) * 1e9 / CLOCKS_PER_SEC;
        if (round == 0 || ns < best)
            best = ns;
        for (uint64_t i = 0; i < pool_used * 512; i += 511)
            sum += pool[i];
    }
    printf("%.0f %llu %llu\n", best, (unsigned long long)(2 * pages),
           (unsigned long long)(sum + ledger.p2m_entries + ledger.iommu_entries));
    return 0;
}
