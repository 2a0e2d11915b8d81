/* PV dom0: entered in 64-bit mode by start-pv.S, with the script where the start info says. */
#include "hypercall.h"
#include "mailbox.h"
#include "operations.h"
#include "script.h"

static const start_info_t *start_info;

/* Machine frames of dom0's memory in the order of its own frames, and which of those hold its first page tables. */
void put_report(void)
{
    const uint64_t *frames = (const uint64_t *)start_info->mfn_list;
    uint64_t first = 0;

    put_text(" memory=");
    for (uint64_t i = 1; i <= start_info->nr_pages; i++) {
        if (i < start_info->nr_pages && frames[i] == frames[i - 1] + 1)
            continue;
        put_text(first ? "," : "");
        put_hex(frames[first]);
        put_char('+');
        put_hex(i - first);
        first = i;
    }
    put_text(" tables=");
    put_hex(start_info->pt_base >> 12);
    put_char('+');
    put_hex(start_info->nr_pt_frames);
}

void main_pv(const start_info_t *info)
{
    static const char started[] = "physmap-rig: started\n", none[] = "physmap-rig: no script mapped\n";

    start_info = info;
    console_write(started, sizeof(started) - 1);
    if (info->mod_len && !(info->flags & SIF_MOD_START_PFN))
        script_run((const char *)info->mod_start, info->mod_len);
    else
        console_write(none, sizeof(none) - 1);
    for (;;)
        asm volatile("pause");
}
