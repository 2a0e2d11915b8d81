/* The hypercalls that the payload makes, and what the public headers need to be told first. */
#ifndef PHYSMAP_RIG_HYPERCALL_H
#define PHYSMAP_RIG_HYPERCALL_H

#include <stddef.h>
#include <stdint.h>

#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/errno.h>
#include <xen/memory.h>
#include <xen/sched.h>

/* Filled by the hypervisor: 32 bytes of code a hypercall. */
extern char hypercall_page[];

static inline long hypercall(unsigned int number, uint64_t a, uint64_t b, uint64_t c)
{
    long result;

    asm volatile("call *%[entry]"
                 : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
                 : [entry] "r"(hypercall_page + number * 32)
                 : "memory", "rcx", "r8", "r9", "r10", "r11");
    return result;
}

static inline void console_write(const char *text, size_t length)
{
    hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, length, (uint64_t)text);
}

static inline long memory_op(unsigned int command, void *argument)
{
    return hypercall(__HYPERVISOR_memory_op, command, (uint64_t)argument, 0);
}

/* The one domctl in the making; domctl_begin() clears it. */
extern struct xen_domctl domctl;
void domctl_begin(uint32_t command, domid_t domain);
long domctl_call(void);
/* For domctls that stop half-way and want to be called again. */
long domctl_until_done(void);

static inline uint64_t cycles(void)
{
    uint32_t low, high;

    asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

#endif
