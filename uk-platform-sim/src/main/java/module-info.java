/**
 * The simulated platform: many hosts in one JVM, virtual time, and wires with seeded faults. A run is a function of its
 * seed, so a failing one is repeated by its seed.
 */
@org.jspecify.annotations.NullMarked
module io.uk4j.platform.sim {
    requires transitive io.uk4j.core;
    requires static transitive org.jspecify;

    exports io.uk4j.platform.sim;
}
