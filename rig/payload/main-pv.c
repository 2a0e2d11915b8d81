/* PV dom0: entered in 64-bit mode by start-pv.S, with the script where the start info says. */
#include "hypercall.h"
#include "script.h"

void main_pv(const start_info_t *info)
{
    static const char started[] = "physmap-rig: started\n", none[] = "physmap-rig: no script mapped\n";

    console_write(started, sizeof(started) - 1);
    if (info->mod_len && !(info->flags & SIF_MOD_START_PFN))
        script_run((const char *)info->mod_start, info->mod_len);
    else
        console_write(none, sizeof(none) - 1);
    for (;;)
        asm volatile("pause");
}
