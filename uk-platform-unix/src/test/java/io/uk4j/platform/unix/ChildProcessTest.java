package io.uk4j.platform.unix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What can only be seen from outside a JVM: its flags, its warnings, its signals and its exit status. */
@Timeout(60)
class ChildProcessTest {
    @Test
    void portableModeMakesNoNativeCallAndNeedsNoFlag() {
        String text = Host.output(
                Host.start(Child.command(List.of("--illegal-native-access=deny", "-Xlog:class+load"), "portable")));
        assertTrue(text.contains("works\n"), text);
        assertTrue(text.contains("io.uk4j.platform.unix.ParkWaiter"), "classes are logged");
        assertFalse(text.contains("io.uk4j.platform.unix.Posix"), "the class with native calls was loaded");
        assertFalse(text.contains("WARNING"), text);
    }

    @Test
    void deniedNativeAccessSaysWhatToDo() {
        String text = Host.output(Host.start(Child.command(List.of("--illegal-native-access=deny"), "linux")));
        assertTrue(text.contains("PlatformException: The unix platform may not make native calls"), text);
        assertTrue(text.contains("uk.unix.portable=true"), text);
    }

    @Test
    void theFirstSignalAsksAndTheProgramChoosesItsStatus() throws Exception {
        for (String signal : List.of("INT", "TERM")) {
            try (Child child = Child.start(List.of(), "stop")) {
                child.awaitLine("ready");
                child.signal(signal);
                child.awaitLine("asked");
                assertEquals(7, child.status());
            }
        }
    }

    @Test
    void aSecondSigintEndsTheProcessAtOnce() throws Exception {
        try (Child child = Child.start(List.of(), "stubborn")) {
            child.awaitLine("ready");
            child.signal("TERM");
            child.awaitLine("asked");
            child.signal("TERM");
            child.signal("INT");
            assertEquals(130, child.status());
        }
    }
}
