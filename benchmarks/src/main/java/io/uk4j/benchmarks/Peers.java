package io.uk4j.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** The peers' C sources, compiled when they are first wanted. */
final class Peers {
    private final Path folder;

    /**
     * Prepares a folder.
     *
     * @param folder where programs are put
     */
    Peers(Path folder) {
        this.folder = folder;
    }

    /**
     * Compiles a program.
     *
     * @param name the source's name without its ending
     * @param libraries further words for the linker
     * @return the program
     */
    Path program(String name, String... libraries) {
        try {
            Files.createDirectories(folder);
            copy("tap.h");
            Path source = copy(name + ".c");
            Path program = folder.resolve(name);
            List<String> words = new ArrayList<>(
                    List.of("cc", "-O2", "-I/usr/include/lwip", source.toString(), "-o", program.toString()));
            words.addAll(List.of(libraries));
            Command.run(words);
            return program;
        } catch (IOException e) {
            throw new UncheckedIOException("A peer's source could not be unpacked.", e);
        } catch (BenchmarkException e) {
            throw new BenchmarkException(
                    "The peer " + name + " could not be compiled.\nTry: apt-get install gcc libc6-dev liblwip-dev\n"
                            + e.getMessage(),
                    e);
        }
    }

    private Path copy(String name) throws IOException {
        Path file = folder.resolve(name);
        try (InputStream source = Peers.class.getResourceAsStream("/peers/" + name)) {
            if (source == null) {
                throw new IOException("There is no source " + name);
            }
            Files.copy(source, file, StandardCopyOption.REPLACE_EXISTING);
        }
        return file;
    }
}
