package io.uk4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.uk4j.core.config.Configs;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class LifeCycleEventsTest {
    @Test
    @Timeout(60)
    void marksThePhasesInAFlightRecording(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("a.jfr");
        try (Recording recording = new Recording()) {
            recording.start();
            Appliance.create(new TestPlatform("recorded"), Configs.builder().build())
                    .run(Appliance::stop);
            recording.stop();
            recording.dump(file);
        }
        List<String> phases = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("io.uk4j.Appliance"))
                .filter(event -> event.getString("platform").equals("recorded"))
                .map(event -> event.getString("phase"))
                .toList();
        assertEquals(List.of("starting", "stopping", "stopped"), phases);
    }
}
