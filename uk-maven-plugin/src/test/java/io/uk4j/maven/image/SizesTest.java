package io.uk4j.maven.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SizesTest {
    @ParameterizedTest
    @CsvSource({"0,0", "512,512", "1K,1024", "64M,67108864", "64m,67108864", "64Mi,67108864", "2G,2147483648"})
    void readsBinarySizes(String text, long bytes) {
        assertEquals(bytes, Sizes.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "M", "-1M", "1.5M", "64MB", "1T", "64 M", "9999999999999"})
    void refusesOthers(String text) {
        assertThrows(IllegalArgumentException.class, () -> Sizes.parse(text));
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThrows(ArithmeticException.class, () -> Sizes.parse("999999999999G"));
    }

    @Test
    void roundsUpWhatQemuTakes() {
        assertEquals("1M", Sizes.mebibytes(1));
        assertEquals("64M", Sizes.mebibytes(64 << 20));
        assertEquals("65M", Sizes.mebibytes((64 << 20) + 1));
    }

    @Test
    void writesWhatPeopleRead() {
        assertEquals("0.5 kB", Sizes.text(512));
        assertEquals("87.2 MB", Sizes.text(87_240_704));
    }
}
