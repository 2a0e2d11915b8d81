#include "operations.h"
#include "domains.h"
#include "library.h"
#include "mailbox.h"

static void put_result(long result)
{
    put_field("ret", result);
}

static void run_domain(const uint64_t *a)
{
    const struct domain_wish wish = {
        .flags = a[1], .iommu_options = a[2], .emulation = a[3], .vcpus = a[4], .max_kib = a[5], .pool_pages = a[6],
    };
    const char *step = "slot";
    long result = a[0] && a[0] < SLOTS ? domain_create(a[0], &wish, &step) : -XEN_EINVAL;

    put_result(result);
    put_field("id", domain_of(a[0]));
    if (result) {
        put_text(" step=");
        put_text(step);
    }
}

static void run_permit(const uint64_t *a)
{
    domctl_begin(XEN_DOMCTL_iomem_permission, domain_of(a[0]));
    domctl.u.iomem_permission.first_mfn = a[1];
    domctl.u.iomem_permission.nr_mfns = a[2];
    domctl.u.iomem_permission.allow_access = a[3];
    put_result(domctl_call());
}

static void put_calls(const struct mapping_calls *calls)
{
    put_field("done", calls->done);
    put_field("calls", calls->count);
    put_field("first", calls->first_return);
    put_field("last", calls->last_return);
    put_field("cycles", calls->cycles);
}

/* slot gfn mfn pages add maxCalls (0: no limit) undoOnFailure */
static void run_map(const uint64_t *a)
{
    struct mapping_calls calls, undo;
    long result = library_memory_mapping(domain_of(a[0]), a[1], a[2], a[3], a[4], a[5], &calls);

    put_result(result);
    put_calls(&calls);
    /* A domain that the library did not find, it leaves alone. */
    if (result && calls.count && a[4] && a[6]) {
        long undone = library_memory_mapping(domain_of(a[0]), a[1], a[2], a[3], 0, 0, &undo);

        put_text(" undo");
        put_result(undone);
        put_calls(&undo);
    }
}

static void run_raw(const uint64_t *a)
{
    uint64_t start = cycles();
    long result = raw_memory_mapping(domain_of(a[0]), a[1], a[2], a[3], a[4]);

    put_result(result);
    put_field("cycles", cycles() - start);
}

#define CHUNK 512

static xen_pfn_t extents[CHUNK] __attribute__((aligned(4096)));
/* Extents that the last populate did. */
static uint32_t populated;

/* slot gfn order extents: populate or give back that many blocks, one after the other, in chunks of 512. */
static uint64_t run_reservation(unsigned int command, const uint64_t *a)
{
    uint64_t done = 0;
    long last = 0;

    while (done < a[3]) {
        uint64_t count = a[3] - done < CHUNK ? a[3] - done : CHUNK;
        struct xen_memory_reservation reservation = {
            .nr_extents = count, .extent_order = a[2], .domid = domain_of(a[0]),
        };

        for (uint64_t i = 0; i < count; i++)
            extents[i] = a[1] + ((done + i) << a[2]);
        set_xen_guest_handle(reservation.extent_start, extents);
        last = memory_op(command, &reservation);
        if (last > 0)
            done += last;
        if (last != (long)count)
            break;
    }
    put_result(last);
    put_field("done", done);
    return done;
}

static void run_populate(const uint64_t *a)
{
    populated = run_reservation(XENMEM_populate_physmap, a);
}

static void run_decrease(const uint64_t *a)
{
    run_reservation(XENMEM_decrease_reservation, a);
}

/* Blocks of 2^order for a PV domain, up to a chunk of them, whose frames it gets to know. Returns how many. */
static uint64_t take(domid_t domain, unsigned int order, uint64_t count, xen_pfn_t *frames)
{
    struct xen_memory_reservation reservation = { .nr_extents = count, .extent_order = order, .domid = domain };
    long done;

    for (uint64_t i = 0; i < count; i++)
        frames[i] = i;
    set_xen_guest_handle(reservation.extent_start, frames);
    done = memory_op(XENMEM_populate_physmap, &reservation);
    return done > 0 ? done : 0;
}

/* slot leave: a PV domain takes all the memory that is left, but for so many pages. */
static void run_take(const uint64_t *a)
{
    static xen_pfn_t kept[CHUNK] __attribute__((aligned(4096)));
    domid_t domain = domain_of(a[0]);
    struct xen_memory_reservation back = { .nr_extents = a[1], .domid = domain };
    uint64_t pages = take(domain, 0, CHUNK, kept);

    while (take(domain, 9, 1, extents))
        ;
    while (take(domain, 0, CHUNK, extents))
        ;
    set_xen_guest_handle(back.extent_start, kept);
    if (pages < a[1])
        put_result(-XEN_EINVAL);
    else
        put_result(!a[1] || memory_op(XENMEM_decrease_reservation, &back) == (long)a[1] ? 0 : -XEN_EFAULT);
}

static void run_remove(const uint64_t *a)
{
    struct xen_remove_from_physmap remove = { .domid = domain_of(a[0]), .gpfn = a[1] };

    put_result(memory_op(XENMEM_remove_from_physmap, &remove));
}

/* A domain may be given pages of the one that it is the device model of, and that it is for good. */
static void become_device_model(domid_t domain, domid_t of)
{
    domctl_begin(XEN_DOMCTL_set_target, domain);
    domctl.u.set_target.target = of;
    domctl_call();
}

/* slot gfn from fromGfn pages: pages of the domain in slot `from`, one after the other, in chunks of 512. */
static void run_foreign(const uint64_t *a)
{
    static xen_ulong_t from[CHUNK] __attribute__((aligned(4096)));
    static int errors[CHUNK] __attribute__((aligned(4096)));
    uint64_t mapped = 0, tried = 0;
    long result = 0;

    become_device_model(domain_of(a[0]), domain_of(a[2]));
    while (tried < a[4] && !result) {
        uint64_t count = a[4] - tried < CHUNK ? a[4] - tried : CHUNK;
        struct xen_add_to_physmap_batch batch = {
            .domid = domain_of(a[0]), .space = XENMAPSPACE_gmfn_foreign, .size = count,
            .u.foreign_domid = domain_of(a[2]),
        };

        for (uint64_t i = 0; i < count; i++) {
            extents[i] = a[1] + tried + i;
            from[i] = a[3] + tried + i;
            errors[i] = 0;
        }
        set_xen_guest_handle(batch.idxs, from);
        set_xen_guest_handle(batch.gpfns, extents);
        set_xen_guest_handle(batch.errs, errors);
        result = memory_op(XENMEM_add_to_physmap_batch, &batch);
        for (uint64_t i = 0; i < count && !result; i++, tried++)
            if (errors[i])
                result = errors[i];
            else
                mapped++;
    }
    put_result(result);
    put_field("done", mapped);
}

static void device_domctl(uint32_t command, const uint64_t *a)
{
    domctl_begin(command, domain_of(a[0]));
    domctl.u.assign_device.dev = XEN_DOMCTL_DEV_PCI;
    domctl.u.assign_device.u.pci.machine_sbdf = a[1];
    put_result(domctl_until_done());
}

static void run_assign(const uint64_t *a)
{
    device_domctl(XEN_DOMCTL_assign_device, a);
}

static void run_deassign(const uint64_t *a)
{
    device_domctl(XEN_DOMCTL_deassign_device, a);
}

static void run_destroy(const uint64_t *a)
{
    put_result(domain_destroy(a[0]));
}

static void run_look(const uint64_t *a)
{
    mailbox_look(domain_of(a[0]), populated);
}

static void run_checkpoint(const uint64_t *a)
{
    (void)a;
    put_report();
    mailbox_wait(MAILBOX_CHECKPOINT);
    mailbox_clear();
    domains_destroy_all();
}

const struct operation operations[] = {
    { "domain", 7, run_domain },
    { "permit", 4, run_permit },
    { "map", 7, run_map },
    { "raw", 5, run_raw },
    { "populate", 4, run_populate },
    { "decrease", 4, run_decrease },
    { "remove", 2, run_remove },
    { "take", 2, run_take },
    { "foreign", 5, run_foreign },
    { "assign", 2, run_assign },
    { "deassign", 2, run_deassign },
    { "destroy", 1, run_destroy },
    { "look", 1, run_look },
    { "checkpoint", 0, run_checkpoint },
};

const unsigned int operation_count = sizeof(operations) / sizeof(operations[0]);
