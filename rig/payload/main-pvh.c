/* PVH dom0: an HVM container, entered in 32-bit mode by start-pvh.S, which has identity-mapped the low 4 GiB. */
#include "hypercall.h"
#include "mailbox.h"
#include "operations.h"
#include "script.h"
#include <xen/arch-x86/cpuid.h>
#include <xen/arch-x86/hvm/start_info.h>

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static struct cpuid cpuid(uint32_t leaf)
{
    struct cpuid r;

    asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(0));
    return r;
}

/* The hypervisor's leaves start at the first multiple of 0x100 that bears its name. */
static uint32_t hypervisor_leaves(void)
{
    for (uint32_t base = XEN_CPUID_FIRST_LEAF; base < XEN_CPUID_FIRST_LEAF + 0x10000; base += 0x100)
        if (cpuid(base).ebx == XEN_CPUID_SIGNATURE_EBX)
            return base;
    return XEN_CPUID_FIRST_LEAF;
}

static void install_hypercall_page(void)
{
    uint32_t msr = cpuid(hypervisor_leaves() + 2).ebx;
    uint64_t page = (uint64_t)hypercall_page;

    asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)page), "d"((uint32_t)(page >> 32)) : "memory");
}

static uint32_t config_read(uint32_t function, uint32_t offset)
{
    uint32_t value;

    asm volatile("outl %0, %w1" : : "a"(0x80000000 | function << 8 | offset), "d"(0xcf8));
    asm volatile("inl %w1, %0" : "=a"(value) : "d"(0xcfc));
    return value;
}

/* Devices of bus 0: device and vendor, command and status, the six base address registers. */
void put_report(void)
{
    for (uint32_t function = 0; function < 256; function++) {
        uint32_t id = config_read(function, 0);

        if (id == 0xffffffff)
            continue;
        put_text(" pci.");
        put_hex(function);
        put_char('=');
        put_hex(id);
        put_char(',');
        put_hex(config_read(function, 4));
        for (uint32_t bar = 0; bar < 6; bar++) {
            put_char(',');
            put_hex(config_read(function, 0x10 + 4 * bar));
        }
    }
}

void main_pvh(const struct hvm_start_info *info)
{
    static const char started[] = "physmap-rig: started\n", none[] = "physmap-rig: no script below 4 GiB\n";
    const struct hvm_modlist_entry *module = (void *)info->modlist_paddr;

    install_hypercall_page();
    console_write(started, sizeof(started) - 1);
    if (info->nr_modules && module->paddr + module->size <= 1ULL << 32)
        script_run((const char *)module->paddr, module->size);
    else
        console_write(none, sizeof(none) - 1);
    /* Not hlt: without interrupts that would end the machine. */
    for (;;)
        asm volatile("pause");
}
