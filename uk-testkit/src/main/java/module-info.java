/**
 * What tests are made of: a contract suite for each contract of uk-core, packet matchers and builders, captures, leak
 * checks, and reports of failed network tests.
 */
@org.jspecify.annotations.NullMarked
module io.uk4j.testkit {
    requires transitive io.uk4j.core;
    requires transitive io.uk4j.net.pcap;
    requires transitive io.uk4j.platform.sim;
    requires transitive org.junit.jupiter.api;
    requires transitive org.junit.jupiter.params;
    requires static transitive org.jspecify;

    exports io.uk4j.testkit;
}
