/** One event loop, its timers and its inbox, and fibers: blocking code on virtual threads that the loop carries. */
@org.jspecify.annotations.NullMarked
module io.uk4j.sched {
    requires transitive io.uk4j.core;
    requires static transitive org.jspecify;
    requires org.jctools.core.jdk11;

    exports io.uk4j.sched;

    provides io.uk4j.core.DescriptionProvider with
            io.uk4j.sched.SchedDescription;
    provides io.uk4j.core.config.KeyProvider with
            io.uk4j.sched.SchedKeys;
}
