// uk.verify=sha256: before anything of the image runs, each of its files has to have the SHA-256 that /uk/files.sha256 lists, in the form of
// sha256sum, in the order of the paths; and no file may be missing from the list. Against an attacker, who can make a list as well, this helps only with the
// list's own SHA-256 behind it, uk.verify=sha256:SEAL, from where the attacker does not write.
#include "boot.h"
#include "file.h"
#include "memory.h"
#include "sha256.h"
#include "tree.h"

#define LIST "/uk/files.sha256"

static _Noreturn void refuse(const char *path, const char *what) {
    machine_exit(EXIT_IMAGE, "the image is not as it should be (uk.verify): %s %s", path, what);
}

static void digest(struct file *file, char *digits) {
    static char page[PAGE_SIZE];
    struct sha256 sha;
    sha256_start(&sha);
    long count;
    for (uint64_t at = 0; (count = file_read_kernel(file, page, sizeof page, at)) > 0; at += (uint64_t) count) {
        sha256_add(&sha, page, (size_t) count);
    }
    sha256_end(&sha, digits);
}

// One line: the digits, two spaces, the path.
static void check_line(char *line, const char *before) {
    char digits[SHA256_DIGITS + 1];
    char *path = line + SHA256_DIGITS + 2;
    if (strlen(line) <= SHA256_DIGITS + 2 || line[SHA256_DIGITS] != ' ' || line[SHA256_DIGITS + 1] != ' ') {
        refuse(LIST, "has a line that is none");
    }
    if (before && strcmp(before, path) >= 0) {
        refuse(path, "is listed twice, or not in order");
    }
    struct file *file = file_open_kernel(path);
    if (!file) {
        refuse(path, "is listed, and is no file of the image");
    }
    digest(file, digits);
    if (strncmp(digits, line, SHA256_DIGITS)) {
        refuse(path, "has another SHA-256 than the one that is listed");
    }
    file_put(file);
}

static void check_seal(struct file *list, const char *wanted) {
    char digits[SHA256_DIGITS + 1];
    digest(list, digits);
    if (strncmp(digits, wanted, SHA256_DIGITS) || (wanted[SHA256_DIGITS] && wanted[SHA256_DIGITS] != ' ')) {
        print("boot: the seal of this image is %s\n", digits);
        refuse(LIST, "is not the one that was asked for");
    }
}

void image_verify(void) {
    const char *how = boot_word("uk.verify");
    if (!how) {
        return;
    }
    if (strncmp(how, "sha256", 6) || (how[6] && how[6] != ' ' && how[6] != ':')) {
        machine_exit(EXIT_BOOT, "uk.verify can be sha256, or sha256:SEAL, and nothing else");
    }
    struct file *list = file_open_kernel(LIST);
    if (!list) {
        refuse(LIST, "is missing");
    }
    if (how[6] == ':') {
        check_seal(list, how + 7);
    }
    uint64_t size = file_size(list), files = 0;
    unsigned order = 0;
    while (PAGE_SIZE << order <= size) {
        order++;
    }
    char *text = order <= ORDER_LIMIT ? pages_allocate_zeroed(order) : NULL;
    if (!text) {
        machine_exit(EXIT_MEMORY, "no memory to read " LIST ", which has %lu bytes", size);
    }
    file_read_kernel(list, text, size, 0);
    file_put(list);
    const char *before = NULL;
    for (char *line = text, *end; *line; line = end + 1) {
        for (end = line; *end != '\n'; end++) {
            if (!*end) {
                refuse(LIST, "does not end with a line");
            }
        }
        *end = 0;
        check_line(line, before);
        before = line + SHA256_DIGITS + 2;
        files++;
    }
    if (files + 1 != files_sealed()) {
        refuse(LIST, "does not list all files of the image");
    }
    pages_free(text, order);
    print("boot: the SHA-256 of all %lu files is right\n", files);
}
