/* Entry of a PVH dom0: 32-bit protected mode, paging off, the start info's address in EBX. */

#define CR0_PE 0x1
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define PTE_TABLE 0x7
#define PTE_2MIB 0x87

        .section .note.Xen, "a", @note
        .balign 4
        .long 4, 4, 18                  /* name and description are 4 bytes each; XEN_ELFNOTE_PHYS32_ENTRY */
        .asciz "Xen"
        .long start

        .text
        .code32
        .globl start
start:
        cld
        mov     $stack_top, %esp

        /* The low 4 GiB, identity-mapped: 4 tables of 512 pages of 2 MiB, filled as one. */
        mov     $PTE_2MIB, %eax
        xor     %ecx, %ecx
1:      mov     %eax, level2(, %ecx, 8)
        add     $0x200000, %eax
        inc     %ecx
        cmp     $2048, %ecx
        jne     1b
        mov     $level2 + PTE_TABLE, %eax
        xor     %ecx, %ecx
2:      mov     %eax, level3(, %ecx, 8)
        add     $4096, %eax
        inc     %ecx
        cmp     $4, %ecx
        jne     2b
        movl    $level3 + PTE_TABLE, level4

        mov     %cr4, %eax
        or      $CR4_PAE, %eax
        mov     %eax, %cr4
        mov     $level4, %eax
        mov     %eax, %cr3
        mov     $MSR_EFER, %ecx
        rdmsr
        or      $EFER_LME, %eax
        wrmsr
        mov     %cr0, %eax
        or      $(CR0_PG | CR0_PE), %eax
        mov     %eax, %cr0
        lgdt    gdt_pointer
        ljmp    $8, $1f

        .code64
1:      mov     $16, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     $stack_top, %rsp
        mov     %ebx, %edi
        call    main_pvh

        .data
        .balign 8
gdt:    .quad   0
        .quad   0x00af9a000000ffff      /* code, 64 bits */
        .quad   0x00cf92000000ffff      /* data */
gdt_pointer:
        .word   . - gdt - 1
        .long   gdt

        .bss
        .balign 4096
level4: .skip   4096
level3: .skip   4096
level2: .skip   4 * 4096
        .globl  hypercall_page
hypercall_page:
        .skip   4096
        .skip   32768
stack_top:

        .section .note.GNU-stack, "", @progbits
