// The way in: PVH (Xen's docs/misc/pvh.pandoc; xen/include/public/arch-x86/hvm/start_info.h), long mode, and the same for further processors.

#define KERNEL_BASE 0xffffffff80000000
#define PHYSICAL(symbol) (symbol - KERNEL_BASE)
#define XEN_ELFNOTE_PHYS32_ENTRY 18

#define CR0_LONG 0x80050033      // PG AM WP NE ET MP PE
#define CR4_LONG 0x6a0           // PAE PGE OSFXSR OSXMMEXCPT and, below, what the processor has beside
#define EFER 0xc0000080
#define EFER_LONG 0xd01          // NXE LMA LME SCE

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long PHYSICAL(boot_entry)
    // uk:image finds this note by its name and says where it put the file tree.
    .long 8, 16, 1
    .asciz "uk4jtre"
    .globl tree_note_physical, tree_note_bytes
tree_note_physical:
    .quad 0
tree_note_bytes:
    .quad 0

// ---- First processor: 32-bit protected mode, paging off, EBX the start info ---------------------------------------------------------------
    .section .text.boot, "ax"
    .code32
    .globl boot_entry
boot_entry:
    cld
    mov $PHYSICAL(boot_stack_end), %esp
    // One table of 2 MiB pages shows the first GiB three times: at 0 (while we run there), at DIRECT_MAP, and at KERNEL_BASE.
    mov $PHYSICAL(boot_pd), %edi
    mov $0x183, %eax             // present, write, huge, global
    xor %ecx, %ecx
1:  mov %eax, (%edi, %ecx, 8)
    movl $0, 4(%edi, %ecx, 8)
    add $0x200000, %eax
    inc %ecx
    cmp $512, %ecx
    jne 1b
    movl $PHYSICAL(boot_pd) + 3, PHYSICAL(boot_pdpt)
    movl $PHYSICAL(boot_pd) + 3, PHYSICAL(boot_pdpt_image) + 510 * 8
    movl $PHYSICAL(boot_pdpt) + 3, PHYSICAL(boot_pml4)
    movl $PHYSICAL(boot_pdpt) + 3, PHYSICAL(boot_pml4) + 256 * 8
    movl $PHYSICAL(boot_pdpt_image) + 3, PHYSICAL(boot_pml4) + 511 * 8
    mov $PHYSICAL(boot_pml4), %eax
    call enter_long_mode
    ljmp $8, $PHYSICAL(boot_long)

// EAX: the top page table. Leaves 64-bit mode active, but for the far jump.
enter_long_mode:
    mov %eax, %cr3
    mov $CR4_LONG, %eax
    mov %eax, %cr4
    mov $EFER, %ecx
    mov $EFER_LONG & ~0x400, %eax
    xor %edx, %edx
    wrmsr
    mov $CR0_LONG, %eax
    mov %eax, %cr0
    lgdt PHYSICAL(boot_gdt_pointer)
    ret

    .code64
boot_long:
    movabs $boot_high, %rax
    jmp *%rax
boot_high:
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    mov %eax, %ss
    mov $boot_stack_end, %rsp
    lgdt boot_gdt_pointer_high(%rip)
    mov %ebx, %edi
    xor %ebp, %ebp
    call start
    ud2

    .balign 8
boot_gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .long PHYSICAL(boot_gdt)
boot_gdt_pointer_high:
    .word boot_gdt_pointer - boot_gdt - 1
    .quad boot_gdt

// ---- Further processors: real mode, at the page that the start-up message named; copied there by smp.c -----------------------------------------
    .globl trampoline_start, trampoline_end, trampoline_root, trampoline_stack
    .code16
trampoline_start:
    cli
    mov %cs, %ax
    mov %ax, %ds
    movzwl %ax, %ebx
    shl $4, %ebx                 // where this copy lies
    lea trampoline_gdt - trampoline_start(%ebx), %eax
    mov %eax, trampoline_gdt_base - trampoline_start
    lgdtl trampoline_gdt_pointer - trampoline_start
    lea trampoline_32 - trampoline_start(%ebx), %eax
    mov %eax, trampoline_far - trampoline_start
    mov %cr0, %eax
    or $1, %eax
    mov %eax, %cr0
    ljmpl *trampoline_far - trampoline_start
    .code32
trampoline_32:
    mov $16, %ax
    mov %ax, %ds
    mov %ax, %ss
    mov trampoline_root - trampoline_start(%ebx), %eax
    mov $PHYSICAL(boot_stack_end), %esp
    mov %eax, %cr3
    mov $CR4_LONG, %eax
    mov %eax, %cr4
    mov $EFER, %ecx
    mov $EFER_LONG & ~0x400, %eax
    xor %edx, %edx
    wrmsr
    mov $CR0_LONG, %eax
    mov %eax, %cr0
    lea trampoline_64 - trampoline_start(%ebx), %eax
    mov %eax, trampoline_far - trampoline_start(%ebx)
    movw $8, trampoline_far + 4 - trampoline_start(%ebx)
    ljmpl *trampoline_far - trampoline_start(%ebx)
    .code64
trampoline_64:
    mov %ebx, %ebx
    mov trampoline_stack - trampoline_start(%rbx), %rsp
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %ebp, %ebp
    movabs $start_further, %rax
    call *%rax
    ud2
    .balign 8
trampoline_gdt:
    // 64-bit code and data where the kernel's own table has them, then 32-bit code for the way there.
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff
trampoline_gdt_pointer:
    .word . - trampoline_gdt - 1
trampoline_gdt_base:
    .long 0
trampoline_far:
    .long 0
    .word 24
    .balign 8
trampoline_root:
    .quad 0
trampoline_stack:
    .quad 0
trampoline_end:

    .section .bss.page, "aw", @nobits
    .balign 4096
    .globl boot_pml4, boot_pdpt, boot_stack_end
boot_pml4:
    .skip 4096
boot_pdpt:
    .skip 4096
boot_pdpt_image:
    .skip 4096
boot_pd:
    .skip 4096
    .skip 16384
boot_stack_end:

    .section .note.GNU-stack, "", @progbits
