// What paths lead to, whoever keeps it: the sealed tree, the tree in RAM, or special files.
#ifndef UK_NODE_H
#define UK_NODE_H

#include "file.h"

enum { PATH_SIZE = 1025 };  // with the end mark

struct node {
    const struct file_operations *operations;  // of a file that is opened on it; NULL for a directory
    void *object;                              // what the operations and the keeper know it by
    uint32_t mode;                             // kind and permissions, as st_mode
    uint64_t size, inode, device;              // device: of a character device
    int64_t modified;                          // seconds since 1970
};

// Each finds what a path without "." and ".." leads to. 0 or -ENOENT, -ENOTDIR.
int sealed_find(const char *path, struct node *node);
int special_find(const char *path, struct node *node);
int ram_find(const char *path, struct node *node);

// A directory's first child at or behind a position, which becomes that child's; false if there is none. Positions are a child's for as long as
// it is there, whatever comes and goes beside it.
struct child {
    size_t length;
    uint64_t inode;
    uint32_t mode;
    char name[255];
};
bool sealed_child(const char *directory, uint64_t *position, struct child *child);
bool ram_child(const char *directory, uint64_t *position, struct child *child);

// ---- ramfs.c: everything below /tmp ---------------------------------------------------------------------------------------------------------

bool ram_has(const char *path);  // whether a path belongs there
int ram_create(const char *path, uint32_t mode);  // a file, or with FILE_DIRECTORY in mode a directory
int ram_remove(const char *path, bool directory);
int ram_rename(const char *from, const char *to);
int ram_resize(void *object, uint64_t bytes);
int ram_reserve(void *object, uint64_t from, uint64_t to);  // gets the pages between, and makes the file that long at least
int ram_open(const char *path, struct node *node);          // as ram_find; a file stays until its close operation was called
void ram_start(void);
void ram_space(uint64_t *total, uint64_t *available);  // pages

// ---- files.c --------------------------------------------------------------------------------------------------------------------------------

struct file *file_make(const struct node *node, int flags);  // with one reference; NULL if memory is out
long file_install(struct file *file, int least);  // gives it a descriptor of at least that number; takes over the reference, in any case

// What an open file is now.
int file_describe(struct file *file, struct node *node);
// Each fills node in if the file is of its kind.
bool sealed_describe(struct file *file, struct node *node);
bool ram_describe(struct file *file, struct node *node);
bool special_describe(struct file *file, struct node *node);

// ---- special.c ------------------------------------------------------------------------------------------------------------------------------

extern const struct file_operations console_operations;
const char *special_executable(void);

#endif
