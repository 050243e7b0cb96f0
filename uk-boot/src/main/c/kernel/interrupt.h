// Interrupts that Java waits for.
#ifndef UK_INTERRUPT_H
#define UK_INTERRUPT_H

#include "../include/uk4j/abi.h"
#include "base.h"

void interrupts_start(void);
void interrupt_came(unsigned handle);
uint64_t interrupt_counts_address(void);

long sys_uk_interrupt_open(int kind, uint32_t line, struct uk_interrupt *to);
long sys_uk_interrupt_close(uint32_t handle);
long sys_uk_interrupt_unmask(uint32_t handle);
long sys_uk_interrupt_raise(uint32_t handle);
long sys_uk_wait(const struct uk_wait *set, unsigned count, int64_t deadline);

#endif
