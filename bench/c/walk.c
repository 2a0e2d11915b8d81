/*
 * A plain walker of EPT tables in a raw memory image, mapped: every entry read, leaves joined to runs (as long as frames
 * and flags go on), leaves counted by size and tables by level.
 *
 *   walk FILE ROOT LEVELS
 *
 * Prints nanoseconds of processor time from opening the file to the last entry, and the counts.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ADDRESS 0x000ffffffffff000ull
#define BOOKKEEPING 0x300ull

struct run { uint64_t start, pages, maps, flags, entries; int level; };

static const char *image;
static uint64_t frames;
static struct run *runs;
static size_t run_count, run_room;
static uint64_t leaves[4], tables[6], outside, faults;

static struct run *add(void)
{
    if (run_count == run_room) {
        run_room = run_room ? 2 * run_room : 1024;
        runs = realloc(runs, run_room * sizeof *runs);
        if (!runs) exit(1);
    }
    return &runs[run_count++];
}

static void walk(uint64_t table, int level, uint64_t base)
{
    if (table >= frames) {
        outside++;
        return;
    }
    tables[level]++;
    const uint64_t *entries = (const uint64_t *)(image + table * 4096);
    uint64_t span = 1ull << (9 * (level - 1));
    for (int i = 0; i < 512; i++) {
        uint64_t entry = entries[i], start = base + i * span;
        if ((entry & 7) == 0) continue;
        if (level > 1 && !(entry & 0x80)) {
            walk((entry & ADDRESS) >> 12, level - 1, start);
            continue;
        }
        if (level > 3) {
            faults++;
            continue;
        }
        leaves[level]++;
        uint64_t maps = (entry & ADDRESS) >> 12, flags = entry & ~(ADDRESS | BOOKKEEPING);
        struct run *last = run_count ? &runs[run_count - 1] : NULL;
        if (last && last->start + last->pages == start && last->maps + last->pages == maps && last->flags == flags &&
            last->level == level) {
            last->pages += span;
            last->entries++;
        } else
            *add() = (struct run){ start, span, maps, flags, 1, level };
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    int file = open(argv[1], O_RDONLY);
    struct stat about;
    if (file < 0 || fstat(file, &about) != 0) return 1;
    image = mmap(NULL, about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (image == MAP_FAILED) return 1;
    frames = about.st_size / 4096;
    walk(strtoull(argv[2], NULL, 0) / 4096, atoi(argv[3]), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    printf("%lld %zu %llu %llu %llu %llu %llu\n",
           (to.tv_sec - from.tv_sec) * 1000000000ll + to.tv_nsec - from.tv_nsec, run_count,
           (unsigned long long)leaves[1], (unsigned long long)leaves[2], (unsigned long long)leaves[3],
           (unsigned long long)(tables[1] + tables[2] + tables[3] + tables[4] + tables[5]),
           (unsigned long long)(outside + faults));
    return 0;
}
