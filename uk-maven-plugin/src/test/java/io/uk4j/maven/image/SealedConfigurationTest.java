package io.uk4j.maven.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.util.Map;
import java.util.Properties;
import java.util.TimeZone;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;

class SealedConfigurationTest {
    @Test
    void propertiesComeOutAsTheyWentIn() throws Exception {
        Map<String, String> keys = Map.of("uk.a", " leading \\ back\nline", "uk.b", "ü=: #!", "uk.c", "");
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(SealedConfiguration.jar(keys)))) {
            ZipEntry entry = zip.getNextEntry();
            assertEquals("META-INF/uk4j/sealed.properties", entry == null ? null : entry.getName());
            Properties properties = new Properties();
            properties.load(new java.io.InputStreamReader(zip, java.nio.charset.StandardCharsets.UTF_8));
            assertEquals(keys, properties);
        }
    }

    @Test
    void theSameKeysGiveTheSameBytesInAnyZone() {
        byte[] here = SealedConfiguration.jar(Map.of("uk.a", "1", "uk.b", "2"));
        TimeZone zone = TimeZone.getDefault();
        try {
            TimeZone.setDefault(TimeZone.getTimeZone("Pacific/Auckland"));
            assertArrayEquals(here, SealedConfiguration.jar(Map.of("uk.b", "2", "uk.a", "1")));
        } finally {
            TimeZone.setDefault(zone);
        }
    }
}
