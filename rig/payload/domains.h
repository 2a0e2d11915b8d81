/* The domains of the current round. Scripts name them by slot; slot 0 is dom0. */
#ifndef PHYSMAP_RIG_DOMAINS_H
#define PHYSMAP_RIG_DOMAINS_H

#include <stdbool.h>
#include "hypercall.h"

#define SLOTS 4096

struct domain_wish {
    uint32_t flags, iommu_options, emulation, vcpus;
    uint64_t max_kib, pool_pages;
};

void domains_forget(void);
void domains_destroy_all(void);
/* The id of a slot; an id that no domain has for a slot without one. */
domid_t domain_of(uint64_t slot);
/* Returns 0 or the first error, and in *step which step met it. */
long domain_create(uint64_t slot, const struct domain_wish *wish, const char **step);
long domain_destroy(uint64_t slot);
/* Whether the hypervisor has crashed the domain since this was asked last. */
bool domain_newly_crashed(uint64_t slot);

#endif
