/** Machines of QEMU: finding it, its command line, whether KVM works, and an image's run from power on to power off. */
@org.jspecify.annotations.NullMarked
package io.uk4j.maven.machine;
