package io.uk4j.maven;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.uk4j.maven.problem.Problem;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArgumentsTest {
    @Test
    void splitsALineAsAShellDoes() {
        assertEquals(
                List.of("-a", "b,c", "-Dname=a value", "it's"),
                Arguments.of(List.of("-a"), "b,c '-Dname=a value' \"it's\"", "jvmArguments"));
        assertEquals(List.of(), Arguments.of(null, "  ", "jvmArguments"));
    }

    @Test
    void refusesWhatAnImageCannotHold() {
        assertThrows(Problem.class, () -> Arguments.of(null, "'open", "jvmArguments"));
        assertThrows(Problem.class, () -> Arguments.of(List.of("two\nlines"), null, "arguments"));
        assertThrows(Problem.class, () -> Arguments.of(List.of("@boot"), null, "arguments"));
        assertThrows(Problem.class, () -> Arguments.of(Arrays.asList("a", null), null, "arguments"));
    }
}
