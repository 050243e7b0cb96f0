package io.uk4j.core;

import io.uk4j.core.config.Config;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.config.Configs;
import io.uk4j.core.config.Key;
import io.uk4j.core.metrics.JmxExport;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes an appliance out of a command line and what surrounds the process, and runs it.
 *
 * @param systemProperties the JVM's
 * @param environment the process's
 * @param directory the working directory
 * @param loader what sees the class path
 * @param platforms the platforms to choose from
 * @param out for what was asked for
 * @param err for failures
 * @param stopLimit how long stopping may take
 */
record Launcher(
        Map<String, String> systemProperties,
        Map<String, String> environment,
        Path directory,
        ClassLoader loader,
        Iterable<PlatformProvider> platforms,
        PrintStream out,
        PrintStream err,
        Duration stopLimit) {

    private static final Logger LOG = LoggerFactory.getLogger(Appliance.class);

    private static final int OK = 0;
    private static final int FAILED = 1;
    private static final int REFUSED = 2;
    private static final int RESTART = 3;

    @SuppressWarnings("SystemOut")
    static Launcher ofThisProcess() {
        Map<String, String> systemProperties = new HashMap<>();
        Properties properties = System.getProperties();
        properties.stringPropertyNames().forEach(name -> systemProperties.put(name, properties.getProperty(name)));
        ClassLoader loader = contextLoader();
        return new Launcher(
                systemProperties,
                System.getenv(),
                Path.of(""),
                loader,
                ServiceLoader.load(PlatformProvider.class, loader),
                System.out,
                System.err,
                Appliance.STOP_LIMIT);
    }

    /** The loader that sees the application. */
    static ClassLoader contextLoader() {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        return loader == null ? ClassLoader.getSystemClassLoader() : loader;
    }

    /** Runs an appliance to its end, and returns the exit status. */
    int launch(String[] arguments, ApplianceBody body) {
        try {
            return start(List.of(arguments), body);
        } catch (UkException e) {
            err.println(e.getMessage());
            return REFUSED;
        } catch (Throwable e) {
            if (LOG.isErrorEnabled()) {
                LOG.error("The appliance failed", e);
            } else {
                e.printStackTrace(err);
            }
            return FAILED;
        }
    }

    private int start(List<String> arguments, ApplianceBody body) throws Exception {
        int end = arguments.indexOf("--");
        List<String> words = new ArrayList<>(end < 0 ? arguments : arguments.subList(0, end));
        List<String> own = end < 0 ? List.of() : arguments.subList(end + 1, arguments.size());
        boolean help = words.removeAll(List.of("--help"));
        boolean describe = words.removeAll(List.of("--describe"));
        Configs.Builder builder = Configs.builder()
                .discoverKeys(loader)
                .commandLine(words)
                .systemProperties(systemProperties)
                .environment(environment)
                .directory(directory)
                .classPath(loader);
        if (help) {
            out.print(help(builder.keys()));
            return OK;
        }
        Config config = builder.build();
        Platform platform = choosePlatform(config).create(config);
        try (Appliance appliance = new Appliance(platform, true, config, own)) {
            for (DescriptionProvider provider : ServiceLoader.load(DescriptionProvider.class, loader)) {
                appliance.describeWith(provider.title(), () -> provider.describe(config));
            }
            if (describe) {
                out.print(appliance.describe());
                return OK;
            }
            // The JVM takes some 100 ms to make its MBean server, which the body should not wait for.
            appliance.run(body, stopLimit, () -> exportMetrics(appliance));
            if (!appliance.isRestarting()) {
                return OK;
            }
        }
        return platform.tryRestart() ? OK : RESTART;
    }

    private static void exportMetrics(Appliance appliance) {
        try {
            JmxExport.tryOpen(appliance.registry()).ifPresent(appliance::own);
        } catch (RuntimeException e) {
            LOG.warn("Metrics are not shown through JMX", e);
        }
    }

    private PlatformProvider choosePlatform(Config config) {
        List<PlatformProvider> found = new ArrayList<>();
        platforms.forEach(found::add);
        List<String> names = found.stream().map(PlatformProvider::name).sorted().toList();
        String list = "Found: " + (names.isEmpty() ? "none" : String.join(", ", names)) + '.';
        String wanted = config.find(Appliance.PLATFORM).orElse("");
        if (found.isEmpty()) {
            throw new PlatformException(
                    "There is no platform to run on.",
                    list + " A platform is a dependency of scope runtime.",
                    "the dependency io.uk4j:uk-platform-unix, which runs the appliance as an ordinary process");
        }
        List<PlatformProvider> fitting = wanted.isEmpty()
                ? found
                : found.stream()
                        .filter(provider -> provider.name().equals(wanted))
                        .toList();
        if (fitting.size() == 1) {
            return fitting.getFirst();
        }
        if (fitting.isEmpty()) {
            throw new ConfigException(
                    "uk.platform=" + wanted + " (" + config.origin(Appliance.PLATFORM)
                            + "): there is no such platform.",
                    list,
                    "uk.platform=" + names.getFirst() + ", or the dependency that brings the other");
        }
        throw new PlatformException(
                "There are several platforms to run on" + (wanted.isEmpty() ? "." : " named " + wanted + '.'),
                list,
                (wanted.isEmpty() ? "uk.platform=" + names.getFirst() + ", or " : "")
                        + "one dependency on a platform less");
    }

    private static String help(List<Key<?>> keys) {
        StringBuilder text = new StringBuilder("""
                Usage: [uk.KEY=VALUE ...] [--help | --describe] [-- ARGUMENT ...]

                  --help      prints this
                  --describe  prints platform, modules, what they have to say, and configuration
                  --          what follows is for the application

                Keys, also taken as system property (-Duk.KEY=VALUE), from the environment (UK_KEY), and from uk.properties:
                """);
        for (Key<?> key : keys) {
            String defaultText = key.defaultText();
            String ending =
                    defaultText == null ? "no default" : "default: " + (key.isSecret() ? "a secret" : defaultText);
            text.append("\n  ").append(key.name()).append('\n');
            text.append("      ").append(key.description()).append('\n');
            text.append("      ")
                    .append(key.allowed())
                    .append("; ")
                    .append(ending)
                    .append('\n');
            if (key.isSecret()) {
                text.append("      ").append(key.name()).append(".file=PATH reads it from a file\n");
            }
        }
        return text.toString();
    }
}
