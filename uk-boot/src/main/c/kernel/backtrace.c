// Who called whom. The build makes a table of the kernel's functions, in ascending order (symbols.S).
#include "memory.h"

struct symbol {
    uint32_t offset;  // from KERNEL_BASE
    uint32_t name;    // from symbol_names
};

extern const struct symbol symbols[];
extern const uint32_t symbol_count;
extern const char symbol_names[];
extern const char text_start[], constants_start[];

static void print_address(uint64_t address) {
    const struct symbol *found = NULL;
    for (uint32_t i = 0; i < symbol_count && symbols[i].offset + KERNEL_BASE <= address; i++) {
        found = &symbols[i];
    }
    print("  %016lx %s+0x%lx\n", address, found ? symbol_names + found->name : "?", found ? address - KERNEL_BASE - found->offset : 0);
}

void backtrace(const void *frame) {
    const uint64_t *at = frame;
    for (unsigned depth = 0; depth < 32 && (uint64_t) at >= STACK_AREA && !((uint64_t) at & 7); depth++) {
        uint64_t address = at[1];
        if (address < (uint64_t) text_start || address >= (uint64_t) constants_start) {
            break;
        }
        print_address(address);
        at = (const uint64_t *) at[0];
    }
}
