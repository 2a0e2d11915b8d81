/* Entry of a PV dom0: 64-bit mode, everything mapped at its link address, the start info's address in RSI. */

#define NOTE(type, ...)                         \
        .section .note.Xen, "a", @note;         \
        .balign 4;                              \
        .long   4, 2f - 1f, type;               \
        .asciz  "Xen";                          \
1:      __VA_ARGS__;                            \
2:      .balign 4

        NOTE(6, .asciz "physmap-rig")           /* GUEST_OS */
        NOTE(5, .asciz "xen-3.0")               /* XEN_VERSION */
        NOTE(8, .asciz "generic")               /* LOADER */
        NOTE(3, .quad 0)                        /* VIRT_BASE */
        NOTE(4, .quad 0)                        /* PADDR_OFFSET */
        NOTE(1, .quad start)                    /* ENTRY */
        NOTE(2, .quad hypercall_page)           /* HYPERCALL_PAGE */
        NOTE(9, .asciz "yes")                   /* PAE_MODE */
        NOTE(10, .asciz "!writable_page_tables|pae_pgdir_above_4gb|dom0")    /* FEATURES */

        .text
        .code64
        .globl  start
start:
        cld
        lea     stack_top(%rip), %rsp
        mov     %rsi, %rdi
        call    main_pv

        .balign 4096
        .globl  hypercall_page
hypercall_page:
        .skip   4096

        .bss
        .balign 16
        .skip   32768
stack_top:

        .section .note.GNU-stack, "", @progbits
