// The vDSO, as the build linked it.
    .section .vdso, "a"
    .balign 4096
    .globl vdso_start, vdso_end
vdso_start:
    .incbin VDSO
vdso_end:
    .balign 4096
    .section .note.GNU-stack, "", @progbits
