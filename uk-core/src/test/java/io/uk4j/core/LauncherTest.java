package io.uk4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.config.Config;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.net.NetDevices;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class LauncherTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<TestPlatform> created = new ArrayList<>();

    private PlatformProvider provider(String name) {
        return new PlatformProvider() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Platform create(Config config) {
                TestPlatform platform = new TestPlatform(name);
                created.add(platform);
                return platform;
            }
        };
    }

    private int launch(List<String> platforms, ApplianceBody body, String... arguments) {
        Launcher launcher = new Launcher(
                Map.of("uk.block.device", "file:a"),
                Map.of(),
                directory,
                LauncherTest.class.getClassLoader(),
                platforms.stream().map(this::provider).toList(),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Duration.ofSeconds(20));
        return launcher.launch(arguments, body);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void runsTheBodyWithConfigurationAndArguments() {
        List<String> seen = new ArrayList<>();
        int status = launch(
                List.of("one"),
                appliance -> {
                    seen.add(appliance.platform().name());
                    seen.add(appliance.config().get(NetDevices.DEVICE));
                    seen.addAll(appliance.arguments());
                    appliance.stop();
                },
                "--uk.net.device=tap:uk0",
                "--",
                "--help",
                "uk.net.device=x");
        assertEquals(0, status, err());
        assertEquals(List.of("one", "tap:uk0", "--help", "uk.net.device=x"), seen);
        assertTrue(created.getFirst().closed);
        assertEquals("", out() + err());
    }

    @Test
    void stopsAtTheConsolesRequest() {
        assertEquals(0, launch(List.of("one"), appliance -> created.getFirst().requestStop()));
        assertTrue(created.getFirst().closed);
    }

    @Test
    void printsHelpWithoutAPlatform() {
        assertEquals(0, launch(List.of(), LauncherTest::mustNotRun, "nonsense", "--help"));
        assertTrue(out().startsWith("Usage: "), out());
        assertTrue(out().contains("""

                  uk.net.device
                      the network device that the appliance opens
                      SCHEME:ADDRESS, such as tap:uk0; no default

                  uk.net.mac
                      the hardware address of the network device; without it the device has one of its own
                      a unicast Ethernet address, such as 02:00:5e:10:00:01; no default

                  uk.platform
                """), out());
    }

    @Test
    void printsADescriptionWithoutRunningTheBody() {
        assertEquals(0, launch(List.of("one"), LauncherTest::mustNotRun, "--describe", "uk.net.device=tap:uk0"));
        assertTrue(out().startsWith("Platform\n  one\n\nModules\n  uk-core"), out());
        assertTrue(out().contains("uk.net.device    tap:uk0  command line\n"), out());
        assertTrue(out().contains("uk.block.device  file:a   system property\n"), out());
        assertTrue(created.getFirst().closed);
    }

    private static void mustNotRun(Appliance appliance) {
        throw new AssertionError("the body ran");
    }

    @Test
    void refusesAnArgumentThatIsNoSetting() {
        assertEquals(2, launch(List.of("one"), LauncherTest::mustNotRun, "--port=80"));
        assertEquals("""
                --port (command line): not a setting.
                Allowed: uk.KEY=VALUE (with or without -- in front), --help, --describe; an application's own after --.
                Try: --help, which lists all keys
                """, err().replace(System.lineSeparator(), "\n"));
        assertEquals(List.of(), created);
    }

    @Test
    void teachesWhatToDoWithoutAPlatform() {
        assertEquals(2, launch(List.of(), LauncherTest::mustNotRun));
        assertTrue(err().startsWith("There is no platform to run on.\nFound: none."), err());
        assertTrue(err().contains("Try: the dependency io.uk4j:uk-platform-unix"), err());
    }

    @Test
    void refusesToGuessBetweenTwoPlatforms() {
        assertEquals(2, launch(List.of("two", "one"), LauncherTest::mustNotRun));
        assertEquals("""
                There are several platforms to run on.
                Found: one, two.
                Try: uk.platform=one, or one dependency on a platform less
                """, err());
        assertEquals(0, launch(List.of("two", "one"), Appliance::stop, "uk.platform=two"));
        assertEquals("two", created.getFirst().name());
    }

    @Test
    void refusesAPlatformThatIsNotThere() {
        assertEquals(2, launch(List.of("one"), LauncherTest::mustNotRun, "uk.platform=three"));
        assertEquals("""
                uk.platform=three (command line): there is no such platform.
                Found: one.
                Try: uk.platform=one, or the dependency that brings the other
                """, err());
        assertEquals(2, launch(List.of("one", "one"), LauncherTest::mustNotRun, "uk.platform=one"));
        assertTrue(err().contains("There are several platforms to run on named one.\nFound: one, one."), err());
    }

    @Test
    void showsAUsersMistakeWithoutAStackTrace() {
        ApplianceBody body = appliance -> {
            throw new ConfigException("what", "allowed", "remedy");
        };
        assertEquals(2, launch(List.of("one"), body));
        assertEquals("what\nallowed\nTry: remedy\n", err().replace(System.lineSeparator(), "\n"));
        assertTrue(created.getFirst().closed);
    }

    @Test
    void showsADefectWithItsStackTrace() {
        ApplianceBody body = appliance -> {
            throw new IllegalStateException("a defect");
        };
        assertEquals(1, launch(List.of("one"), body));
        assertTrue(err().startsWith("java.lang.IllegalStateException: a defect"), err());
        assertTrue(err().contains("\tat io.uk4j.core.LauncherTest."), err());
        assertTrue(created.getFirst().closed);
    }

    @Test
    void leavesThePlatformOpenUnderWhatHangs() {
        Launcher launcher = new Launcher(
                Map.of(),
                Map.of(),
                directory,
                LauncherTest.class.getClassLoader(),
                Stream.of("one").map(this::provider).toList(),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Duration.ofMillis(50));
        Object never = new Object();
        int status = launcher.launch(new String[0], appliance -> {
            appliance.own(() -> {
                synchronized (never) {
                    while (true) {
                        never.wait();
                    }
                }
            });
            appliance.stop();
        });
        assertEquals(2, status);
        assertTrue(err().startsWith("The appliance did not stop within 0.05 s: "), err());
        assertFalse(created.getFirst().closed);
    }

    @Test
    void startsTheMachineAnewWhereThePlatformCan() {
        int status = launch(List.of("kvm"), appliance -> {
            created.getFirst().restarts = true;
            appliance.restart();
        });
        assertEquals(0, status);
        assertTrue(created.getFirst().restarted, "after it was closed");
    }

    @Test
    void aSupervisorIsToldToStartItAgain() {
        assertEquals(3, launch(List.of("unix"), Appliance::restart));
    }

    @Test
    void whatStopsAlreadyIsNotStartedAgain() {
        assertEquals(0, launch(List.of("unix"), appliance -> {
            appliance.stop();
            appliance.restart();
        }));
    }
}
