// A plugin of QEMU's TCG that counts the guest's instructions in a file that others map and read while the guest runs:
//
//     qemu-system-x86_64 -plugin counts.so,counts=PATH[,blocks=on]
//
// The file holds 64-bit counts: instructions of firmware and entry code, of the kernel, of programs. An instruction belongs to the kernel
// by its address, which is in the upper half; what ran below before the first of these is firmware and entry code. With blocks=on
// follow pairs of the address of a block of code and how many instructions were executed in it.
//
// Only where one thread is all processors (one processor, or -icount): the counts are plain additions in the translated code. A block that a fault leaves early counts in full.
//
// Debian has no package of qemu-plugin.h, so what is used of it is declared here, as of its version 1 (QEMU 4.2 to 8.2).
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, enum qemu_plugin_op op, void *at, uint64_t value);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*call)(qemu_plugin_id_t, struct qemu_plugin_tb *));

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum { BLOCKS = 1 << 21 };

static struct counts {
    uint64_t entry;
    uint64_t kernel;
    uint64_t programs;
    uint64_t spare;
    struct {
        uint64_t address;
        uint64_t instructions;
    } blocks[BLOCKS];
} *counts;

static bool with_blocks;
static bool kernel_seen;

static uint64_t *of_block(uint64_t address) {
    for (uint64_t slot = (address * 0x9e3779b97f4a7c15) >> 43;; slot = (slot + 1) % BLOCKS) {
        if (counts->blocks[slot].address == address || !counts->blocks[slot].address) {
            counts->blocks[slot].address = address;
            return &counts->blocks[slot].instructions;
        }
    }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void) id;
    uint64_t address = qemu_plugin_tb_vaddr(tb);
    uint64_t instructions = qemu_plugin_tb_n_insns(tb);
    bool kernel = address >> 63;
    kernel_seen |= kernel;
    uint64_t *count = kernel ? &counts->kernel : kernel_seen ? &counts->programs : &counts->entry;
    qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, count, instructions);
    if (with_blocks && address) {
        qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, of_block(address), instructions);
    }
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int count, char **arguments) {
    (void) info;
    int file = -1;
    for (int i = 0; i < count; i++) {
        if (!strncmp(arguments[i], "counts=", 7)) {
            file = open(arguments[i] + 7, O_RDWR | O_CREAT | O_TRUNC, 0644);
        }
        with_blocks |= !strcmp(arguments[i], "blocks=on");
    }
    if (file < 0 || ftruncate(file, sizeof *counts)) {
        fprintf(stderr, "counts: counts=PATH is missing, or cannot be written\n");
        return 1;
    }
    counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (counts == MAP_FAILED) {
        perror("counts: mmap");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
