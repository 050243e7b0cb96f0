// The sealed file tree of an image: what uk:image writes and the boot layer reads in place. Little-endian; everything starts on a page.
//
//   header          one page
//   entries         struct tree_entry[entry_count], in ascending order of their paths, compared as bytes
//   names           the paths, without end marks, at most TREE_PATH_LIMIT bytes each
//   checksums       uint32_t[pages], CRC32C (Castagnoli) of each page of the tree from data_offset on, whatever file it belongs to
//   data            the contents of the regular files, each from the start of a page, filled up with zeros
//
// Offsets are bytes from the start of the header. A path starts with '/' and has no empty, "." or ".." part, and none over TREE_PART_LIMIT
// bytes; the root is "/". The directory of each entry is an entry, too.
#ifndef UK4J_TREE_H
#define UK4J_TREE_H

#include <stdint.h>

#define TREE_MAGIC 0x656572746a346b75ull  // "uk4jtree"
#define TREE_VERSION 1
#define TREE_PATH_LIMIT 1024
#define TREE_PART_LIMIT 255
#define TREE_ENTRY_LIMIT 65536

struct tree_header {
    uint64_t magic;
    uint32_t version;
    uint32_t entry_count;
    uint64_t entries_offset;
    uint64_t names_offset;
    uint64_t names_bytes;
    uint64_t checksums_offset;
    uint64_t data_offset;
    uint64_t total_bytes;     // of the whole tree; a multiple of 4096
    uint32_t index_checksum;  // CRC32C from entries_offset up to data_offset
    uint32_t header_checksum; // CRC32C of the bytes of this structure before it
};

struct tree_entry {
    uint64_t data_offset;     // 0 for a directory and for an empty file
    uint64_t size;            // bytes of a file; 0 for a directory
    int64_t modified_seconds; // since 1970, UTC
    uint32_t name_offset;     // from names_offset
    uint16_t name_bytes;
    uint16_t mode;            // 0100000 or 0040000, and the nine bits of permission
};

#endif
