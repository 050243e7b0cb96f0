// The little of ACPI 6.5 that is needed: MADT for processors and I/O APICs, FADT and \_S5 for power off and reset. Tables are the
// firmware's, so each length is checked; a table that is wrong is as good as none.
#include "boot.h"
#include "cpu.h"
#include "memory.h"

struct header {
    char signature[4];
    uint32_t length;
    uint8_t revision, checksum;
    char names[26];
} __attribute__((packed));

enum { HEADER = sizeof(struct header), TABLE_LIMIT = 1 << 20 };

// A register by its generic address structure, or by a port alone.
struct register_address {
    uint8_t space, width, offset, access;
    uint64_t address;
} __attribute__((packed));
enum { SPACE_MEMORY = 0, SPACE_PORT = 1 };

static uint32_t processors[CPU_LIMIT];
static unsigned processor_count;
static uint32_t pm1a_control, pm1b_control;
static struct register_address sleep_control, reset_register;
static uint8_t reset_value, sleep_type_a, sleep_type_b;
static bool can_sleep;

static const void *show(uint64_t physical, uint64_t bytes) {
    return physical ? map_device(physical, bytes, false) : NULL;
}

static const struct header *table_at(uint64_t physical) {
    const struct header *header = show(physical, HEADER);
    if (!header || header->length < HEADER || header->length > TABLE_LIMIT || !(header = show(physical, header->length))) {
        return NULL;
    }
    uint8_t sum = 0;
    for (uint32_t i = 0; i < header->length; i++) {
        sum = (uint8_t) (sum + ((const uint8_t *) header)[i]);
    }
    return sum ? NULL : header;
}

static uint64_t read_at(const struct header *table, uint32_t offset, unsigned bytes) {
    uint64_t value = 0;
    if (offset + bytes <= table->length) {
        memcpy(&value, (const char *) table + offset, bytes);
    }
    return value;
}

static const struct header *find(const char *signature) {
    const struct {
        char signature[8];
        uint8_t checksum, names[6], revision;
        uint32_t rsdt, length;
        uint64_t xsdt;
    } __attribute__((packed)) *root = show(machine.rsdp, 36);
    if (!root || memcmp(root->signature, "RSD PTR ", 8)) {
        return NULL;
    }
    bool wide = root->revision >= 2 && root->xsdt;
    const struct header *list = table_at(wide ? root->xsdt : root->rsdt);
    unsigned size = wide ? 8 : 4;
    for (uint32_t at = HEADER; list && at + size <= list->length; at += size) {
        const struct header *table = table_at(read_at(list, at, size));
        if (table && !memcmp(table->signature, signature, 4)) {
            return table;
        }
    }
    return NULL;
}

// Some firmware names a processor twice, as a local APIC and as an x2APIC: INIT would stop one that runs.
static bool is_known(uint32_t apic_id) {
    for (unsigned i = 0; i < processor_count; i++) {
        if (processors[i] == apic_id) {
            return true;
        }
    }
    return false;
}

static void add_processor(uint32_t apic_id, uint32_t flags) {
    if ((flags & 1) && processor_count < CPU_LIMIT && !is_known(apic_id)) {
        processors[processor_count++] = apic_id;
    }
}

static void read_madt(const struct header *madt) {
    enum { FIRST = 44, LOCAL_APIC = 0, IO_APIC = 1, LOCAL_X2APIC = 9 };
    for (uint32_t at = FIRST; at + 2 <= madt->length;) {
        uint32_t type = (uint32_t) read_at(madt, at, 1), length = (uint32_t) read_at(madt, at + 1, 1);
        if (length < 2 || at + length > madt->length) {
            break;
        }
        if (type == LOCAL_APIC && length >= 8) {
            add_processor((uint32_t) read_at(madt, at + 3, 1), (uint32_t) read_at(madt, at + 4, 4));
        } else if (type == LOCAL_X2APIC && length >= 16) {
            add_processor((uint32_t) read_at(madt, at + 4, 4), (uint32_t) read_at(madt, at + 8, 4));
        } else if (type == IO_APIC && length >= 12) {
            ioapic_add(read_at(madt, at + 4, 4), (uint32_t) read_at(madt, at + 8, 4));
        }
        at += length;
    }
}

// Finds Name (_S5, Package () {a, b, ...}) in the code of the DSDT without interpreting it: a, b are byte constants, Zero or One.
static void read_sleep_type(const struct header *dsdt) {
    const uint8_t *code = (const uint8_t *) dsdt;
    for (uint32_t at = HEADER; at + 7 < dsdt->length; at++) {
        if (memcmp(code + at, "_S5_", 4) || code[at + 4] != 0x12) {
            continue;
        }
        uint32_t next = at + 6 + (code[at + 5] >> 6) + 1;  // length of the package in 1 to 4 bytes, count of elements
        uint8_t types[2] = {0};
        for (unsigned i = 0; i < 2 && next < dsdt->length; i++) {
            if (code[next] == 0x0a && next + 1 < dsdt->length) {
                next++;
                types[i] = code[next];
            } else {
                types[i] = code[next] == 1;
            }
            next++;
        }
        sleep_type_a = types[0];
        sleep_type_b = types[1];
        can_sleep = true;
        return;
    }
}

static void read_fadt(const struct header *fadt) {
    enum { DSDT = 40, PM1A_CONTROL = 64, PM1B_CONTROL = 68, FLAGS = 112, RESET = 116, RESET_VALUE = 128, X_DSDT = 140, SLEEP_CONTROL = 244,
           FLAG_RESET = 1 << 10 };
    pm1a_control = (uint32_t) read_at(fadt, PM1A_CONTROL, 4);
    pm1b_control = (uint32_t) read_at(fadt, PM1B_CONTROL, 4);
    if (read_at(fadt, FLAGS, 4) & FLAG_RESET && fadt->length >= RESET_VALUE + 1) {
        memcpy(&reset_register, (const char *) fadt + RESET, sizeof reset_register);
        reset_value = (uint8_t) read_at(fadt, RESET_VALUE, 1);
        show(reset_register.space == SPACE_MEMORY ? reset_register.address : 0, 1);  // mapped while there is memory for tables
    }
    if (fadt->length >= SLEEP_CONTROL + sizeof sleep_control) {
        memcpy(&sleep_control, (const char *) fadt + SLEEP_CONTROL, sizeof sleep_control);
        show(sleep_control.space == SPACE_MEMORY ? sleep_control.address : 0, 1);
    }
    uint64_t dsdt = read_at(fadt, X_DSDT, 8);
    const struct header *code = table_at(dsdt ? dsdt : read_at(fadt, DSDT, 4));
    if (code) {
        read_sleep_type(code);
    }
}

void acpi_start(void) {
    const struct header *madt = find("APIC"), *fadt = find("FACP");
    if (madt) {
        read_madt(madt);
    } else {
        ioapic_add(0xfec00000, 0);  // where it is on each PC
    }
    if (fadt) {
        read_fadt(fadt);
    }
}

unsigned acpi_processors(uint32_t *apic_ids, unsigned limit) {
    unsigned count = MIN(processor_count, limit);
    memcpy(apic_ids, processors, count * sizeof *apic_ids);
    return count;
}

static void write_register(const struct register_address *r, uint8_t value) {
    if (r->space == SPACE_PORT) {
        out8((uint16_t) r->address, value);
    } else if (r->space == SPACE_MEMORY) {
        volatile uint8_t *mapped = map_device(r->address, 1, true);
        if (mapped) {
            *mapped = value;
        }
    }
}

void acpi_power_off(void) {
    enum { ENABLE = 1 << 13, ENABLE_REDUCED = 1 << 5 };
    if (!can_sleep) {
        return;
    }
    if (pm1a_control) {
        out16((uint16_t) pm1a_control, (uint16_t) (sleep_type_a << 10 | ENABLE));
    }
    if (pm1b_control) {
        out16((uint16_t) pm1b_control, (uint16_t) (sleep_type_b << 10 | ENABLE));
    }
    if (sleep_control.address) {
        write_register(&sleep_control, (uint8_t) (sleep_type_a << 2 | ENABLE_REDUCED));
    }
}

void acpi_reset(void) {
    if (reset_register.address) {
        write_register(&reset_register, reset_value);
    }
}
