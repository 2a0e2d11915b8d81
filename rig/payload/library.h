/* XEN_DOMCTL_memory_mapping: one call, and the loop of calls that the toolstack's library makes of it. */
#ifndef PHYSMAP_RIG_LIBRARY_H
#define PHYSMAP_RIG_LIBRARY_H

#include "hypercall.h"

struct mapping_calls {
    /* Pages that the hypervisor has reported as done. */
    uint64_t done;
    uint64_t count;
    long first_return, last_return;
    uint64_t cycles;
};

long raw_memory_mapping(domid_t domain, uint64_t gfn, uint64_t mfn, uint64_t pages, uint32_t add);

/*
 * The library's loop as xen-mapping.md 2.5 describes it, without its undo: returns the first error or 0. With a
 * max_calls other than 0 it stops after that many calls.
 */
long library_memory_mapping(domid_t domain, uint64_t gfn, uint64_t mfn, uint64_t pages, uint32_t add,
                            uint64_t max_calls, struct mapping_calls *calls);

#endif
