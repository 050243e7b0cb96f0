// What every file uses: types, a few macros, the freestanding string functions, messages, and the errors of Linux.
#ifndef UK_BASE_H
#define UK_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096ul
#define PAGE_SHIFT 12
#define HUGE_SIZE (512 * PAGE_SIZE)

#define ALIGN_UP(x, a) (((x) + ((a) - 1)) & ~((a) - 1))
#define ALIGN_DOWN(x, a) ((x) & ~((a) - 1))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define CONTAINER_OF(pointer, type, member) ((type *) ((char *) (pointer) - offsetof(type, member)))

// a * b / c, where that fits; exact in between.
static inline uint64_t multiply_divide(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t low, high;
    __asm__("mulq %3; divq %4" : "=&a"(low), "=&d"(high) : "0"(a), "r"(b), "r"(c) : "cc");
    return low;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);

// Formats %d %u %x (with l, width, 0 and -), %s, %c, %p and %%. Always ends the text; returns the length that it would need.
int format(char *to, size_t size, const char *pattern, ...) __attribute__((format(printf, 3, 4)));
int format_args(char *to, size_t size, const char *pattern, va_list args);

// Writes to the operator's console; lines of one call stay together.
void print(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

// Says why on the console, with a backtrace, and ends the machine with EXIT_PANIC.
_Noreturn void panic(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

// Says why on the console and ends the machine: for what its user can mend.
_Noreturn void machine_exit(int code, const char *pattern, ...) __attribute__((format(printf, 2, 3)));

// Ends the machine: off with an exit code, or started again.
_Noreturn void machine_end(int code, bool reboot);

// The return addresses of the frames from frame on, by name.
void backtrace(const void *frame);

#define ASSERT(condition) ((condition) ? (void) 0 : panic("%s:%d: not so: %s", __FILE__, __LINE__, #condition))

// Exit codes of the machine, beside those that the appliance chooses.
enum { EXIT_LIMIT = 125, EXIT_SIGNAL = 119, EXIT_PANIC = 120, EXIT_BOOT = 121, EXIT_MEMORY = 122, EXIT_IMAGE = 123 };

// Errors of Linux that are used here (asm-generic/errno-base.h, errno.h).
enum {
    EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, ENXIO = 6, EBADF = 9, EAGAIN = 11, ENOMEM = 12, EACCES = 13, EFAULT = 14,
    EBUSY = 16, EEXIST = 17, ENODEV = 19, ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENFILE = 23, EMFILE = 24, ENOTTY = 25,
    EFBIG = 27, ENOSPC = 28, ESPIPE = 29, EROFS = 30, EPIPE = 32, ERANGE = 34, ENAMETOOLONG = 36, ENOSYS = 38, ENOTEMPTY = 39,
    ELOOP = 40, EOVERFLOW = 75, EOPNOTSUPP = 95, EAFNOSUPPORT = 97, ETIMEDOUT = 110
};

#endif
