// Hands a file of the tree in RAM to the host when the machine ends: with boot.export=PATH boot.export_port=PORT on the command line, that port gets,
// byte by byte, where the file is in memory: its length, and for each piece of it address and length, 8 bytes each, little-endian. Whoever keeps the
// machine's memory in a file reads it there. It is how an image that made something, such as an AOT cache, brings it out.
#include "boot.h"
#include "cpu.h"
#include "memory.h"
#include "node.h"

static void out_words(uint16_t port, const uint64_t *words, size_t count) {
    size_t bytes = count * sizeof *words;
    __asm__ volatile("rep outsb" : "+S"(words), "+c"(bytes) : "d"(port) : "memory");
}

void file_export(void) {
    static char path[PATH_SIZE];
    const char *option = boot_word("boot.export"), *port = boot_word("boot.export_port");
    struct node node;
    if (!option || !port) {
        return;
    }
    for (size_t i = 0; option[i] && option[i] != ' ' && i < sizeof path - 1; i++) {
        path[i] = option[i];
    }
    struct file *file = ram_has(path) && !ram_find(path, &node) && node.operations ? file_make(&node, 0) : NULL;
    if (!file) {
        print("boot: there is no file %s to be exported\n", path);
        return;
    }
    uint16_t number = (uint16_t) parse_number(port);
    uint64_t piece[2] = {0, 0};
    out_words(number, &node.size, 1);
    for (uint64_t at = 0; at < node.size; at += PAGE_SIZE) {
        uint64_t frame = node.operations->page(file, at);
        if (!frame) {
            print("boot: %s is exported up to byte %lu alone: no page is free\n", path, at);
            return;
        }
        if (piece[0] + piece[1] != frame) {
            out_words(number, piece, piece[1] ? 2 : 0);
            piece[0] = frame;
            piece[1] = 0;
        }
        piece[1] += MIN(PAGE_SIZE, node.size - at);
    }
    out_words(number, piece, piece[1] ? 2 : 0);
}
