package io.uk4j.maven.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** The sealed keys of an appliance as uk-core looks for them: a properties file on the class path, here in a jar of its own. */
final class SealedConfiguration {
    private static final String NAME = "META-INF/uk4j/sealed.properties";

    /** Not the first day that a zip can tell, which it takes for one before. */
    private static final LocalDateTime TIME = LocalDateTime.of(1980, 2, 1, 0, 0);

    private SealedConfiguration() {}

    /** Makes the jar; the same keys give the same bytes. */
    static byte[] jar(Map<String, String> configuration) {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(configuration)
                .forEach((key, value) ->
                        text.append(key).append('=').append(escape(value)).append('\n'));
        byte[] content = text.toString().getBytes(StandardCharsets.UTF_8);
        CRC32 crc = new CRC32();
        crc.update(content);
        ZipEntry entry = new ZipEntry(NAME);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        entry.setTimeLocal(TIME);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(entry);
            zip.write(content);
            zip.closeEntry();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** For java.util.Properties: a backslash begins an escape, and spaces in front are not part of a value. */
    private static String escape(String value) {
        String escaped = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
        return escaped.startsWith(" ") ? '\\' + escaped : escaped;
    }
}
