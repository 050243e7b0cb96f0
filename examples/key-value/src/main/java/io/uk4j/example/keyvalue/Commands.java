package io.uk4j.example.keyvalue;

import io.uk4j.blk.DiskException;
import org.jspecify.annotations.Nullable;

/** The protocol: a line in, a line out. */
final class Commands {
    /** The longest line, in bytes: what a record has room for. */
    static final int LINE_LIMIT = 4096;

    private static final String USAGE = "ERROR Allowed: PUT KEY VALUE, GET KEY, DELETE KEY, COUNT, QUIT";

    private final Store store;

    Commands(Store store) {
        this.store = store;
    }

    /**
     * Carries a line out.
     *
     * @return the answer without a line end, or null for QUIT
     */
    @Nullable
    String answer(String line) {
        String[] words = line.split(" ", 3);
        try {
            return switch (words[0] + ' ' + words.length) {
                case "PUT 3" -> words[1].isEmpty() ? USAGE : store.put(words[1], words[2]) ? "OK" : "FULL";
                case "GET 2" -> {
                    String value = store.get(words[1]);
                    yield value == null ? "NONE" : "VALUE " + value;
                }
                case "DELETE 2" -> store.get(words[1]) == null ? "NONE" : store.delete(words[1]) ? "OK" : "FULL";
                case "COUNT 1" -> "COUNT " + store.size();
                case "QUIT 1" -> null;
                default -> USAGE;
            };
        } catch (DiskException e) {
            return "ERROR The disk failed; whether it is there shows after a restart";
        }
    }
}
