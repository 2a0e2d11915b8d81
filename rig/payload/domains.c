#include "domains.h"

/* No domain has this id: the highest that one can have is below DOMID_FIRST_RESERVED (0x7ff0). */
#define NOBODY 0x7fe0

/* "Call me again". Not every release's errno.h names them all. */
#define EINTR 4
#define EAGAIN 11
#define ERESTART 85

struct slot {
    domid_t id;
    bool created, crashed;
};

static struct slot slots[SLOTS];
struct xen_domctl domctl __attribute__((aligned(4096)));

void *memset(void *where, int value, size_t count)
{
    char *byte = where;

    while (count--)
        *byte++ = (char)value;
    return where;
}

void domctl_begin(uint32_t command, domid_t domain)
{
    memset(&domctl, 0, sizeof(domctl));
    domctl.cmd = command;
    domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    domctl.domain = domain;
}

long domctl_call(void)
{
    return hypercall(__HYPERVISOR_domctl, (uint64_t)&domctl, 0, 0);
}

long domctl_until_done(void)
{
    long result;

    do
        result = domctl_call();
    while (result == -EINTR || result == -EAGAIN || result == -ERESTART);
    return result;
}

void domains_forget(void)
{
    for (unsigned int i = 0; i < SLOTS; i++)
        slots[i] = (struct slot){ .id = NOBODY };
    slots[0].id = 0;
}

domid_t domain_of(uint64_t slot)
{
    return slot < SLOTS ? slots[slot].id : NOBODY;
}

static long create(const struct domain_wish *wish, domid_t *id)
{
    /* Interface 0x16 (4.18) stopped choosing the id when it is given as 0. */
    static domid_t next = 1;
    struct xen_domctl_createdomain *config = &domctl.u.createdomain;
    long result;

    domctl_begin(XEN_DOMCTL_createdomain, XEN_DOMCTL_INTERFACE_VERSION >= 0x16 ? next : 0);
    config->flags = wish->flags;
    config->iommu_opts = wish->iommu_options;
    config->max_vcpus = wish->vcpus;
    config->max_evtchn_port = 1023;
    config->max_grant_frames = 4;
    config->max_maptrack_frames = 4;
#if XEN_DOMCTL_INTERFACE_VERSION >= 0x15
    config->grant_opts = XEN_DOMCTL_GRANT_version(2);
#endif
    config->arch.emulation_flags = wish->emulation;
    result = domctl_call();
    *id = domctl.domain;
    next = next + 1 == NOBODY ? 1 : next + 1;
    return result;
}

static long set_pool(domid_t id, uint64_t pages)
{
#if XEN_DOMCTL_INTERFACE_VERSION >= 0x15
    domctl_begin(XEN_DOMCTL_set_paging_mempool_size, id);
    domctl.u.paging_mempool.size = pages << 12;
#else
    domctl_begin(XEN_DOMCTL_shadow_op, id);
    domctl.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION;
    domctl.u.shadow_op.mb = (pages + 255) >> 8;
#endif
    return domctl_until_done();
}

long domain_create(uint64_t slot, const struct domain_wish *wish, const char **step)
{
    long result;
    domid_t id;

    *step = "createdomain";
    result = create(wish, &id);
    if (result)
        return result;
    slots[slot] = (struct slot){ .id = id, .created = true };

    *step = "max_vcpus";
    if (wish->vcpus) {
        domctl_begin(XEN_DOMCTL_max_vcpus, id);
        domctl.u.max_vcpus.max = wish->vcpus;
        result = domctl_call();
        if (result)
            return result;
    }

    *step = "max_mem";
    domctl_begin(XEN_DOMCTL_max_mem, id);
    domctl.u.max_mem.max_memkb = wish->max_kib;
    result = domctl_call();
    if (result)
        return result;

    *step = "pool";
    return wish->flags & XEN_DOMCTL_CDF_hvm ? set_pool(id, wish->pool_pages) : 0;
}

long domain_destroy(uint64_t slot)
{
    domctl_begin(XEN_DOMCTL_destroydomain, domain_of(slot));
    return domctl_until_done();
}

void domains_destroy_all(void)
{
    for (unsigned int i = 1; i < SLOTS; i++)
        if (slots[i].created)
            domain_destroy(i);
    domains_forget();
}

bool domain_newly_crashed(uint64_t slot)
{
    uint32_t flags;

    if (slot == 0 || slot >= SLOTS || !slots[slot].created || slots[slot].crashed)
        return false;
    domctl_begin(XEN_DOMCTL_getdomaininfo, slots[slot].id);
    /* Of a domain that does not exist, the answer is about the next one. */
    if (domctl_call() || domctl.u.getdomaininfo.domain != slots[slot].id)
        return false;
    flags = domctl.u.getdomaininfo.flags;
    slots[slot].crashed = (flags & XEN_DOMINF_shutdown) &&
        ((flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask) == SHUTDOWN_crash;
    return slots[slot].crashed;
}
