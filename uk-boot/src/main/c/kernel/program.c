// Loads an ELF program and its interpreter (ld.so), and makes the stack that they expect: System V ABI for x86-64, section 3.4; getauxval(3).
#include "program.h"
#include "boot.h"
#include "cpu.h"
#include "file.h"
#include "memory.h"
#include "thread.h"
#include "time.h"
#include "trap.h"

enum { PT_LOAD = 1, PT_INTERP = 3, PT_PHDR = 6, PF_X = 1, PF_W = 2, PF_R = 4, ET_EXEC = 2, ET_DYN = 3, MACHINE_X86_64 = 62 };
enum { AT_PHDR = 3, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_BASE, AT_FLAGS, AT_ENTRY, AT_UID = 11, AT_EUID, AT_GID, AT_EGID, AT_PLATFORM, AT_HWCAP,
       AT_CLKTCK, AT_SECURE = 23, AT_RANDOM = 25, AT_EXECFN = 31, AT_SYSINFO_EHDR = 33, AT_MINSIGSTKSZ = 51 };
enum { SEGMENT_LIMIT = 16, LIST_LIMIT = 256, TEXT_LIMIT = 65536, STACK_BYTES = 8 << 20, SIGNAL_FRAME_BYTES = 1024 };
#define PROGRAM_BASE 0x555555554000ul
#define INTERPRETER_BASE 0x7ffff7fc0000ul
#define STACK_TOP 0x7ffffffff000ul

struct elf {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, segments_offset, sections_offset;
    uint32_t flags;
    uint16_t size, segment_size, segment_count, section_size, section_count, names;
};

struct segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, bytes, alignment;
};

struct loaded {
    uint64_t base, entry, segments;
    unsigned segment_count;
    char interpreter[256];
};

static _Noreturn void bad(const char *path, const char *what) {
    machine_exit(EXIT_IMAGE, "%s: %s", path, what);
}

static void read_exactly(const char *path, struct file *file, void *to, size_t bytes, uint64_t offset) {
    if (file_read_kernel(file, to, bytes, offset) != (long) bytes) {
        bad(path, "is cut short");
    }
}

static void map_segment(const char *path, struct file *file, const struct segment *s, uint64_t base) {
    uint64_t start = ALIGN_DOWN(s->address, PAGE_SIZE), file_end = s->address + s->file_bytes, end = s->address + s->bytes;
    int protection = ((s->flags & PF_R) ? PROT_READ : 0) | ((s->flags & PF_W) ? PROT_WRITE : 0) | ((s->flags & PF_X) ? PROT_EXEC : 0);
    if (s->bytes < s->file_bytes || end < start || end > USER_END - base || (s->address - s->offset) % PAGE_SIZE) {
        bad(path, "has a segment that cannot be");
    }
    uint64_t file_pages = ALIGN_UP(file_end, PAGE_SIZE);
    long result = 0;
    if (s->file_bytes) {
        result = map_memory(base + start, file_pages - start, protection, MAP_PRIVATE | MAP_FIXED, file, s->offset - (s->address - start));
    }
    if (result >= 0 && ALIGN_UP(end, PAGE_SIZE) > file_pages) {
        result = map_memory(base + file_pages, ALIGN_UP(end, PAGE_SIZE) - file_pages, protection, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, NULL, 0);
    }
    if (result < 0) {
        bad(path, "cannot be mapped");
    }
    // ld.so uses the rest of the last page of its data, and expects zeros there.
    static const char zeros[PAGE_SIZE];
    if ((s->flags & PF_W) && file_pages > file_end && copy_out((void *) (base + file_end), zeros, file_pages - file_end)) {
        bad(path, "cannot be cleared behind its data");
    }
}

static struct loaded load(const char *path, uint64_t base) {
    struct elf elf;
    struct segment segments[SEGMENT_LIMIT];
    struct loaded loaded = {0};
    struct file *file = file_open_kernel(path);
    if (!file) {
        bad(path, "is not in the file tree");
    }
    read_exactly(path, file, &elf, sizeof elf, 0);
    if (memcmp(elf.ident, "\177ELF\2\1", 6) || elf.machine != MACHINE_X86_64 || (elf.type != ET_DYN && elf.type != ET_EXEC)
        || elf.segment_size != sizeof *segments || elf.segment_count > SEGMENT_LIMIT) {
        bad(path, "is no program for x86-64");
    }
    base = elf.type == ET_DYN ? base : 0;
    loaded = (struct loaded) {.base = base, .entry = base + elf.entry, .segment_count = elf.segment_count};
    read_exactly(path, file, segments, elf.segment_count * sizeof *segments, elf.segments_offset);
    uint64_t highest = 0;
    for (unsigned i = 0; i < elf.segment_count; i++) {
        const struct segment *s = &segments[i];
        if (s->type == PT_LOAD) {
            map_segment(path, file, s, base);
            highest = MAX(highest, base + s->address + s->bytes);
            if (elf.segments_offset >= s->offset && elf.segments_offset < s->offset + s->file_bytes) {
                loaded.segments = base + s->address + elf.segments_offset - s->offset;
            }
        } else if (s->type == PT_INTERP) {
            if (s->file_bytes >= sizeof loaded.interpreter) {
                bad(path, "names an interpreter too long");
            }
            read_exactly(path, file, loaded.interpreter, s->file_bytes, s->offset);
        }
    }
    file_put(file);
    if (loaded.interpreter[0]) {
        brk_set_start(ALIGN_UP(highest, PAGE_SIZE) + (1 << 20));
    }
    return loaded;
}

// The lines of a text file, with an end mark each. Returns how many.
static unsigned read_lines(const char *path, char *text, char **lines) {
    struct file *file = file_open_kernel(path);
    unsigned count = 0;
    if (!file) {
        return 0;
    }
    uint64_t size = file_size(file);
    if (size >= TEXT_LIMIT) {
        bad(path, "is too long");
    }
    read_exactly(path, file, text, size, 0);
    file_put(file);
    text[size] = 0;
    for (char *at = text; *at;) {
        if (count == LIST_LIMIT) {
            bad(path, "has too many lines");
        }
        lines[count++] = at;
        while (*at && *at != '\n') {
            at++;
        }
        if (*at) {
            *at++ = 0;
        }
    }
    return count;
}

// Puts the appliance's words of the boot command line in the place of "@boot". Returns the new count.
static unsigned insert_boot_words(char **lines, unsigned count) {
    static char text[sizeof machine.command_line];
    static char *words[LIST_LIMIT];
    unsigned place = 0, found = 0;
    while (place < count && strcmp(lines[place], "@boot")) {
        place++;
    }
    if (place == count) {
        return count;
    }
    memcpy(text, machine.command_line, sizeof text);
    for (char *at = text; *at;) {
        char *word = at;
        while (*at && *at != ' ') {
            at++;
        }
        if (*at) {
            *at++ = 0;
        }
        // uk.verify is for us.
        if (!strncmp(word, "uk.", 3) && strncmp(word, "uk.verify=", 10) && count - 1 + found < LIST_LIMIT) {
            words[found++] = word;
        }
    }
    memmove(lines + place + found, lines + place + 1, (count - place - 1) * sizeof *lines);
    memcpy(lines + place, words, found * sizeof *lines);
    return count - 1 + found;
}

struct stack {
    uint64_t at;
};

static uint64_t push(struct stack *stack, const void *from, size_t bytes) {
    stack->at -= bytes;
    if (copy_out((void *) stack->at, from, bytes)) {
        machine_exit(EXIT_MEMORY, "no memory for the first stack");
    }
    return stack->at;
}

static uint64_t map_vdso(void) {
    extern const char vdso_start[], vdso_end[];
    uint64_t text = (uint64_t) vdso_start - KERNEL_BASE, bytes = ALIGN_UP((uint64_t) (vdso_end - vdso_start), PAGE_SIZE);
    long at = map_memory(0, PAGE_SIZE + bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
    if (at < 0 || map_physical((uint64_t) at, (uint64_t) &vdso_page - KERNEL_BASE, PAGE_SIZE, PROT_READ, false) != at
        || map_physical((uint64_t) at + PAGE_SIZE, text, bytes, PROT_READ | PROT_EXEC, false) != at + (long) PAGE_SIZE) {
        machine_exit(EXIT_MEMORY, "no memory for the vDSO");
    }
    return (uint64_t) at + PAGE_SIZE;
}

struct thread *program_load(void) {
    static char argument_text[TEXT_LIMIT], environment_text[TEXT_LIMIT];
    static char *arguments[LIST_LIMIT], *environment[LIST_LIMIT];
    static uint64_t words[2 * LIST_LIMIT + 64];
    unsigned argument_count = insert_boot_words(arguments, read_lines("/uk/arguments", argument_text, arguments));
    unsigned environment_count = read_lines("/uk/environment", environment_text, environment);
    if (!argument_count) {
        bad("/uk/arguments", "names no program");
    }
    const char *path = arguments[0];
    files_set_executable(path);
    struct loaded program = load(path, PROGRAM_BASE), interpreter = {.entry = program.entry};
    if (program.interpreter[0]) {
        interpreter = load(program.interpreter, INTERPRETER_BASE - (4ul << 20));
    }
    if (map_memory(STACK_TOP - STACK_BYTES, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, NULL, 0) < 0) {
        machine_exit(EXIT_MEMORY, "no memory for the first stack");
    }
    struct stack stack = {STACK_TOP - 64};
    uint64_t random[2];
    random_fill(random, sizeof random);
    uint64_t random_at = push(&stack, random, sizeof random), platform_at = push(&stack, "x86_64", 7);
    unsigned count = 0;
    words[count++] = argument_count;
    for (unsigned i = 0; i < argument_count; i++) {
        words[count++] = push(&stack, arguments[i], strlen(arguments[i]) + 1);
    }
    uint64_t path_at = words[1];
    words[count++] = 0;
    for (unsigned i = 0; i < environment_count; i++) {
        words[count++] = push(&stack, environment[i], strlen(environment[i]) + 1);
    }
    words[count++] = 0;
    const uint64_t auxiliary[][2] = {
        {AT_SYSINFO_EHDR, map_vdso()}, {AT_HWCAP, cpuid(1, 0).d}, {AT_PAGESZ, PAGE_SIZE}, {AT_CLKTCK, 100}, {AT_PHDR, program.segments},
        {AT_PHENT, sizeof(struct segment)}, {AT_PHNUM, program.segment_count}, {AT_BASE, interpreter.base}, {AT_FLAGS, 0}, {AT_ENTRY, program.entry},
        {AT_UID, 0}, {AT_EUID, 0}, {AT_GID, 0}, {AT_EGID, 0}, {AT_SECURE, 0}, {AT_RANDOM, random_at}, {AT_EXECFN, path_at},
        {AT_PLATFORM, platform_at}, {AT_MINSIGSTKSZ, fpu_bytes + SIGNAL_FRAME_BYTES}, {0, 0}};
    memcpy(words + count, auxiliary, sizeof auxiliary);
    count += 2 * COUNT_OF(auxiliary);
    stack.at = ALIGN_DOWN(stack.at - count * sizeof *words, 16ul) + count * sizeof *words;
    struct frame frame = {.rip = interpreter.entry, .cs = 0x2b, .ss = 0x23, .rflags = 0x202, .rsp = push(&stack, words, count * sizeof *words)};
    struct thread *thread = thread_create(&frame, 0);
    if (!thread) {
        machine_exit(EXIT_MEMORY, "no memory for the first thread");
    }
    format(thread->name, sizeof thread->name, "%s", "main");
    return thread;
}
