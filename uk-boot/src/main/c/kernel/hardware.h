// Hardware for Java (include/uk4j/abi.h), but for interrupts.
#ifndef UK_HARDWARE_H
#define UK_HARDWARE_H

#include "../include/uk4j/abi.h"
#include "base.h"

long sys_uk_info(struct uk_info *to);
long sys_uk_map(uint64_t physical, uint64_t bytes, int cache);
long sys_uk_dma_allocate(uint64_t bytes, uint64_t alignment, struct uk_dma *to);
long sys_uk_dma_free(uint64_t address);
long sys_uk_port_read(uint32_t port, unsigned width);
long sys_uk_port_write(uint32_t port, unsigned width, uint32_t value);
long sys_uk_entropy_add(const void *bytes, uint64_t count);
long sys_uk_power(int how, int code);

#endif
