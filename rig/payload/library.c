#include <stdbool.h>
#include "library.h"

long raw_memory_mapping(domid_t domain, uint64_t gfn, uint64_t mfn, uint64_t pages, uint32_t add)
{
    domctl_begin(XEN_DOMCTL_memory_mapping, domain);
    domctl.u.memory_mapping.first_gfn = gfn;
    domctl.u.memory_mapping.first_mfn = mfn;
    domctl.u.memory_mapping.nr_mfns = pages;
    domctl.u.memory_mapping.add_mapping = add;
    return domctl_call();
}

/* Fills in domctl.u.getdomaininfo; of a domain that does not exist, the answer may be about the next one. */
static bool get_info(domid_t domain)
{
    domctl_begin(XEN_DOMCTL_getdomaininfo, domain);
    return domctl_call() == 0 && domctl.u.getdomaininfo.domain == domain;
}

static long timed_call(struct mapping_calls *calls, domid_t domain, uint64_t gfn, uint64_t mfn, uint64_t pages,
                       uint32_t add)
{
    uint64_t start = cycles();
    long result = raw_memory_mapping(domain, gfn, mfn, pages, add);

    calls->cycles += cycles() - start;
    if (calls->count++ == 0)
        calls->first_return = result;
    calls->last_return = result;
    return result;
}

long library_memory_mapping(domid_t domain, uint64_t gfn, uint64_t mfn, uint64_t pages, uint32_t add,
                            uint64_t max_calls, struct mapping_calls *calls)
{
    /* What the loop has left behind it, which an error on removal counts too. */
    uint64_t passed = 0, batch = pages;
    long error = 0;

    *calls = (struct mapping_calls){ 0 };
    if (!get_info(domain))
        return -XEN_ESRCH;
    /* PV: the library does not bother the hypervisor. */
    if (!(domctl.u.getdomaininfo.flags & XEN_DOMINF_hvm_guest))
        return 0;

    while (passed < pages && (!max_calls || calls->count < max_calls)) {
        uint64_t asked = pages - passed < batch ? pages - passed : batch;
        long result = timed_call(calls, domain, gfn + passed, mfn + passed, asked, add);

        if (result == -XEN_E2BIG) {
            if (batch <= 1)
                return result;
            batch >>= 1;
        } else if (result > 0) {
            passed += result;
            calls->done += result;
        } else {
            if (result && !error)
                error = result;
            if (result && add)
                break;
            if (!result)
                calls->done += asked;
            passed += asked;
        }
    }
    return error;
}
