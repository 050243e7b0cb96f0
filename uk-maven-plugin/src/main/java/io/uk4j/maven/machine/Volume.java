package io.uk4j.maven.machine;

import io.uk4j.maven.image.Sizes;
import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file that is a disk of the machine.
 *
 * <p>Thread rule: immutable.
 *
 * @param file raw
 * @param readOnly whether the appliance may only read
 */
public record Volume(Path file, boolean readOnly) {
    private static final Pattern FORM = Pattern.compile("(.+?)(?::(\\d+[KMG]i?))?(:ro)?", Pattern.CASE_INSENSITIVE);
    private static final long SECTOR = 512;

    /**
     * Reads one, and makes the file if it has a size and is not there.
     *
     * @param text {@code FILE}, {@code FILE:SIZE}, with {@code :ro} behind it for one to be read only
     * @param folder what a path is relative to
     * @throws Problem if it cannot be
     */
    public static Volume open(String text, Path folder) throws IOException {
        Matcher form = FORM.matcher(text.strip());
        if (!form.matches()) {
            throw wrong(text, "is none");
        }
        Path file = folder.resolve(form.group(1));
        if (file.toString().indexOf(',') >= 0) {
            throw wrong(text, "has a comma in its path, which QEMU's options cannot have");
        }
        String size = form.group(2);
        if (!Files.exists(file)) {
            if (size == null) {
                throw wrong(text, "is not there, and has no size to be made with");
            }
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
                made.setLength(Sizes.parse(size));
            }
        }
        if (Files.size(file) % SECTOR != 0 || Files.size(file) == 0) {
            throw wrong(text, "has " + Files.size(file) + " bytes, which is not a multiple of 512");
        }
        return new Volume(file, form.group(3) != null);
    }

    private static Problem wrong(String text, String how) {
        return new Problem(
                ProblemCode.UK103,
                "uk.run.volumes: " + text + ' ' + how + '.',
                "Allowed: FILE, or FILE:SIZE to make it if it is not there, with :ro behind it to protect it.",
                "-Duk.run.volumes=target/data.img:64M");
    }
}
