// What the machine and whoever started it say of themselves.
#ifndef UK_BOOT_H
#define UK_BOOT_H

#include "base.h"

_Noreturn void start(uint32_t start_info);  // boot.S calls it

#define CPU_LIMIT 64

enum { MEMORY_MAP_LIMIT = 128, MEMORY_RAM = 1 };

struct memory_map_entry {
    uint64_t start, bytes;
    uint32_t type, reserved;
};

struct machine {
    struct memory_map_entry memory_map[MEMORY_MAP_LIMIT];
    unsigned memory_map_count;
    char command_line[2048];
    uint64_t rsdp;            // physical, 0 if there is none
    uint64_t tree_physical;   // the image's file tree, 0 if there is none
    uint64_t tree_bytes;
    uint64_t memory_bytes;
    uint64_t needed_bytes;    // of memory, as the image says; 0 if it does not
    uint32_t cpus;            // that run
};

extern struct machine machine;

// Reads what the first register of the machine points to. Says why and ends the machine if it cannot be.
void start_info_read(uint32_t physical);

// The value of a word "NAME=VALUE" of the command line, which ends with a space or the line; or NULL.
const char *boot_word(const char *name);
uint64_t parse_number(const char *text);  // decimal, or hexadecimal with 0x

// Nanoseconds: since the machine started, and since 1970.
uint64_t clock_now(void);
uint64_t clock_wall(void);

// Fills with random bytes out of ChaCha20, and stirs bytes into it.
void random_fill(void *to, size_t bytes);
void random_add(const void *from, size_t bytes);

// Writes bytes to the console as they are, and waits until it took them.
void console_write(const char *text, size_t bytes);
void console_start(void);
void console_break(void);  // from now on nobody waits for others to finish: who has the lock may never let go
void console_drain(void);  // until the last byte has left
bool console_owns(uint32_t port);

void image_verify(void);  // as uk.verify says; ends the machine if it must not run
void file_export(void);  // what boot.export names, at the end of a machine that is sound

// ---- acpi.c -----------------------------------------------------------------------------------------------------------------------------

void acpi_start(void);  // finds processors, interrupt controllers, and how to power off
void acpi_power_off(void);
void acpi_reset(void);
unsigned acpi_processors(uint32_t *apic_ids, unsigned limit);

void random_start(void);

#endif
