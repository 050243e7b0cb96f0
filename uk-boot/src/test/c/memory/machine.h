// A machine for the memory part of the kernel, on the host: physical memory is a piece of the host's, page tables are walked as a processor
// walks them, and each of a few processors has a TLB that forgets nothing unless it is told to.
#ifndef UK_TEST_MACHINE_H
#define UK_TEST_MACHINE_H

#include "areas.h"
#include "file.h"
#include "host.h"
#include "tables.h"

enum { MACHINE_CPUS = 4, FILE_PAGES = 48, PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS, RW = PROT_READ | PROT_WRITE };
#define SEARCH_TOP 0x7ffff0000000ul  // where the kernel looks for free addresses first
#define AT 0x200000000ul             // where tests map what has to be in one place

// Files by descriptor. The last page of each is not full.
enum { FD_SEALED = 3, FD_RAM, FD_WRITE_ONLY, FD_END };

extern _Thread_local unsigned machine_cpu;           // of the calling thread
extern void (*machine_on_zeroed)(unsigned order);    // called before a zeroed block is allocated

void machine_start(void);
void machine_reset(void);  // nothing is mapped, no memory taken, whatever went wrong before
// Maps anonymous memory; there if an address is given.
uint64_t map(uint64_t at, uint64_t bytes, int protection, int flags);
// User code reads, writes or executes a word. Fails the test if the kernel says again and again that it can be tried again.
enum fault_result user_read(uint64_t address, uint64_t *value);
enum fault_result user_write(uint64_t address, uint64_t value);
enum fault_result user_execute(uint64_t address);
uint64_t user_value(uint64_t address);  // of a read that must work
void tlbs_check(void);                  // that no processor knows a translation that no longer holds
bool is_huge(uint64_t address);         // whether a page of 2 MiB maps it
// Takes all pages but so many, and gives them back.
void memory_take_all_but(uint64_t pages);
void memory_give_back(void);
uint64_t file_bytes(int fd);
uint64_t *file_word(int fd, uint64_t offset);
uint64_t file_references(int fd);       // that others than the descriptor have
uint64_t image_physical(void);          // of a page of unmanaged memory; more follow

#endif
