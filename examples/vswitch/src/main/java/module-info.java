/** An appliance that is a learning switch. */
@org.jspecify.annotations.NullMarked
module io.uk4j.example.vswitch {
    requires io.uk4j.core;
    requires io.uk4j.mm;
    requires io.uk4j.sched;
    requires static org.jspecify;

    provides io.uk4j.core.config.KeyProvider with
            io.uk4j.example.vswitch.VswitchKeys;
}
