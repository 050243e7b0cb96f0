package io.uk4j.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The seed of a failing run stands in the test's name. */
class ConfigFuzzTest {
    private static final String ALPHABET = "0123456789KMGTikmunsh.-+ =%\u0663\u00e4\0\n";

    private static String noise(RandomGenerator random) {
        StringBuilder text = new StringBuilder();
        for (int length = random.nextInt(24); length > 0; length--) {
            text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return text.toString();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void parsersTakeTextOrRefuseItWithAReason(long seed) {
        RandomGenerator random = new Random(seed);
        Key<Long> size = Key.size("uk.a", 0, Long.MAX_VALUE, "a size");
        Key<Duration> duration = Key.duration("uk.a", Duration.ZERO, Duration.ofNanos(Long.MAX_VALUE), "a duration");
        for (int i = 0; i < 5_000; i++) {
            String text = noise(random);
            for (Key<?> key : List.of(size, duration)) {
                try {
                    key.parse(text);
                } catch (IllegalArgumentException e) {
                    assertFalse(String.valueOf(e.getMessage()).isEmpty(), text);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {5, 6, 7, 8})
    void sizesAndDurationsSurviveTheWayOverText(long seed) {
        RandomGenerator random = new Random(seed);
        String[] sizeUnits = {"", "K", "Ki", "M", "Mi", "G", "Gi", "T", "Ti"};
        for (int i = 0; i < 5_000; i++) {
            int unit = random.nextInt(sizeUnits.length);
            long number = random.nextLong(1L << 20);
            assertEquals(number << ((unit + 1) / 2 * 10), Units.parseBytes(number + sizeUnits[unit]));

            Duration duration = Duration.ofNanos(random.nextLong() >>> random.nextInt(1, 64));
            if (duration.toNanos() < 1_000_000_000_000_000_000L) {
                assertEquals(duration, Units.parseDuration(Units.format(duration)));
            }
        }
    }

    /** Gives random layers to random keys, and compares with the rule written down in one line. */
    @ParameterizedTest
    @ValueSource(longs = {9, 10, 11, 12})
    void theStrongestLayerWins(long seed) {
        RandomGenerator random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            List<Key<?>> keys = new ArrayList<>();
            List<String> commandLine = new ArrayList<>();
            Map<String, String> properties = new HashMap<>();
            Map<String, String> environment = new HashMap<>();
            Map<String, String> expected = new HashMap<>();
            for (int i = random.nextInt(1, 12); i > 0; i--) {
                Key<String> key = Key.string("uk.a" + i + (random.nextBoolean() ? ".b" : ""), "a key");
                keys.add(random.nextBoolean() ? key : key.withDefault("default" + i));
                String value = String.valueOf(keys.getLast().defaultText());
                if (random.nextBoolean()) {
                    value = "env" + i;
                    environment.put(key.environmentName(), value);
                }
                if (random.nextBoolean()) {
                    value = "property" + i;
                    properties.put(key.name(), value);
                }
                for (int words = random.nextInt(3); words > 0; words--) {
                    value = "word" + i + "=" + words;
                    commandLine.add((random.nextBoolean() ? "--" : "") + key.name() + '=' + value);
                }
                expected.put(key.name(), value);
            }
            Collections.shuffle(keys, new Random(seed + round));
            Config config = Configs.builder()
                    .keys(keys)
                    .commandLine(commandLine)
                    .systemProperties(properties)
                    .environment(environment)
                    .build();
            for (Key<?> key : keys) {
                String value = config.find(key).map(Object::toString).orElse("null");
                assertEquals(expected.get(key.name()), value, key.name());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {13, 14})
    void anyWordsAreTakenOrRefused(long seed) {
        RandomGenerator random = new Random(seed);
        Key<Integer> key = Key.integer("uk.a", 0, 9, "a digit");
        for (int i = 0; i < 5_000; i++) {
            String word = (random.nextBoolean() ? "uk." : "--uk.a") + noise(random);
            try {
                Config config =
                        Configs.builder().keys(key).commandLine(List.of(word)).build();
                assertEquals(word.split("=", 2)[1].strip(), String.valueOf(config.get(key)), word);
            } catch (ConfigException e) {
                assertFalse(e.getMessage().isEmpty(), word);
            }
        }
    }
}
