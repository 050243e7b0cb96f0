/**
 * The contracts between constructs, and the life cycle of an appliance. No mechanism lives here: a driver implements a
 * contract, a mechanism (a TCP/IP stack, a scheduler) consumes it, a platform binds the two.
 *
 * <p>Every type states its thread rule. Two words recur: a <em>loop-owned</em> object is used only by the event loop
 * that owns it (by its thread, or by a fiber that the loop carries); a <em>shared</em> object may be used by any
 * thread.
 */
@org.jspecify.annotations.NullMarked
module io.uk4j.core {
    requires transitive io.netty.buffer;
    requires transitive org.slf4j;
    requires static transitive org.jspecify;
    // Sealed images have few modules of the JDK: without these, there are no MBeans and no flight recorder events.
    requires static java.management;
    requires static jdk.jfr;

    exports io.uk4j.core;
    exports io.uk4j.core.block;
    exports io.uk4j.core.config;
    exports io.uk4j.core.metrics;
    exports io.uk4j.core.net;

    uses io.uk4j.core.DescriptionProvider;
    uses io.uk4j.core.PlatformProvider;
    uses io.uk4j.core.block.BlockDeviceProvider;
    uses io.uk4j.core.config.KeyProvider;
    uses io.uk4j.core.net.NetDeviceLayer;
    uses io.uk4j.core.net.NetDeviceProvider;

    provides io.uk4j.core.config.KeyProvider with
            io.uk4j.core.CoreKeys;
}
