// Files: the sealed tree of the image, read in place; a bounded tree in RAM over it; devices and the few of /proc that a JVM reads.
#ifndef UK_FILE_H
#define UK_FILE_H

#include "base.h"

struct file;

#define APPEND UINT64_MAX

// What an open file can do. NULL means: fails with the usual error for its kind.
struct file_operations {
    long (*read)(struct file *, void *user, size_t bytes, uint64_t offset);
    long (*write)(struct file *, const void *user, size_t bytes, uint64_t offset);  // or at APPEND: the end, wherever that is then
    // The frame (physical address of the page) that holds the page at offset, for mapping; 0 beyond the end, or if memory is out.
    // The mapper does not own it. Bytes beyond the end of the file within its last page read as zero.
    uint64_t (*page)(struct file *, uint64_t offset);
    void (*close)(struct file *);
};

enum file_kind { FILE_REGULAR = 0100000, FILE_DIRECTORY = 0040000, FILE_CHARACTER = 0020000, FILE_PIPE = 0010000 };

struct file {
    const struct file_operations *operations;
    uint32_t references;
    enum file_kind kind;
    int flags;        // O_ flags that it was opened with
    uint64_t offset;  // of the next read or write
    void *node;       // what the operations know it by
};

// The file behind a descriptor with one more reference, or NULL.
struct file *file_get(int fd);
void file_keep(struct file *file);  // one reference more
void file_put(struct file *file);   // one less; closes it at none

// Where the image's tree lies. Checks it and says what is wrong: ends the machine with EXIT_IMAGE.
void files_start(const void *tree, uint64_t bytes);
// What /proc/self/exe leads to.
void files_set_executable(const char *path);
// Opens descriptors 0, 1 and 2 on the console.
void files_open_console(void);
// A regular file of the tree for the kernel itself; NULL if there is none.
struct file *file_open_kernel(const char *path);
// Reads from a file into kernel memory.
long file_read_kernel(struct file *file, void *to, size_t bytes, uint64_t offset);
uint64_t file_size(struct file *file);
uint64_t files_sealed(void);  // how many regular files the image has

long sys_read(int fd, void *to, size_t bytes);
long sys_write(int fd, const void *from, size_t bytes);
long sys_readv(int fd, const void *vectors, int count);
long sys_writev(int fd, const void *vectors, int count);
long sys_pread64(int fd, void *to, size_t bytes, uint64_t offset);
long sys_pwrite64(int fd, const void *from, size_t bytes, uint64_t offset);
long sys_openat(int directory, const char *path, int flags, int mode);
long sys_close(int fd);
long sys_lseek(int fd, int64_t offset, int whence);
long sys_newfstatat(int directory, const char *path, void *stat, int flags);
long sys_fstat(int fd, void *stat);
long sys_statx(int directory, const char *path, int flags, unsigned mask, void *statx);
long sys_statfs(const char *path, void *statfs);
long sys_fstatfs(int fd, void *statfs);
long sys_faccessat(int directory, const char *path, int mode);
long sys_readlinkat(int directory, const char *path, char *to, size_t size);
long sys_getdents64(int fd, void *to, size_t size);
long sys_getcwd(char *to, size_t size);
long sys_chdir(const char *path);
long sys_dup(int fd);
long sys_dup3(int fd, int to, int flags);
long sys_fcntl(int fd, int command, long argument);
long sys_ioctl(int fd, unsigned long command, void *argument);
long sys_ftruncate(int fd, uint64_t bytes);
long sys_fsync(int fd);
long sys_fallocate(int fd, int mode, uint64_t offset, uint64_t bytes);
long sys_unlinkat(int directory, const char *path, int flags);
long sys_mkdirat(int directory, const char *path, int mode);
long sys_renameat(int from_directory, const char *from, int to_directory, const char *to);
long sys_pipe2(int *fds, int flags);

#endif
