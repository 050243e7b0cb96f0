/** An appliance that keeps keys and values on a block device. */
@org.jspecify.annotations.NullMarked
module io.uk4j.example.keyvalue {
    requires io.uk4j.blk;
    requires io.uk4j.core;
    requires io.uk4j.net.tcpip;
    requires io.uk4j.sched;
    requires static org.jspecify;
}
