package io.uk4j.core;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Marks the phases of an appliance in a flight recording, where this JVM can make one and somebody does. */
final class LifeCycleEvents {
    private static final boolean AVAILABLE =
            ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private LifeCycleEvents() {}

    static void emit(String platform, String phase) {
        if (AVAILABLE) {
            Recording.emit(platform, phase);
        }
    }

    /** Names the types of the optional module, and is not loaded without it. */
    private static final class Recording {
        private static void emit(String platform, String phase) {
            // The first event costs some 20 ms of start-up, which only a recording is worth.
            if (FlightRecorder.isInitialized()) {
                ApplianceEvent event = new ApplianceEvent();
                event.platform = platform;
                event.phase = phase;
                event.commit();
            }
        }
    }

    /** One phase. */
    @Name("io.uk4j.Appliance")
    @Label("Appliance")
    @Category("uk4j")
    @Description("An appliance entered a phase of its life")
    @StackTrace(false)
    static final class ApplianceEvent extends Event {
        @Label("Platform")
        String platform = "";

        @Label("Phase")
        @Description("starting, stopping or stopped")
        String phase = "";
    }
}
