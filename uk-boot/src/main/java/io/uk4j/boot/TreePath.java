package io.uk4j.boot;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Paths of a tree: what they may be, and their bytes. */
final class TreePath {
    static final int PATH_LIMIT_BYTES = 1024;
    static final int PART_LIMIT_BYTES = 255;

    private TreePath() {}

    /** The UTF-8 of a path that a tree can hold. */
    static byte[] encode(String path) {
        if (!path.startsWith("/")) {
            throw refused(path, "does not start with '/'");
        }
        if (path.indexOf('\0') >= 0) {
            throw refused(path.replace('\0', '?'), "has a NUL in it");
        }
        if (path.length() > 1) {
            for (String part : path.substring(1).split("/", -1)) {
                checkPart(path, part);
            }
        }
        byte[] bytes = utf8(path, path);
        if (bytes.length > PATH_LIMIT_BYTES) {
            throw refused(path, "has " + bytes.length + " bytes, and at most " + PATH_LIMIT_BYTES + " are allowed");
        }
        return bytes;
    }

    /** The path with these bytes. */
    static String decode(ByteBuffer bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("A path is not in UTF-8.", e);
        }
    }

    /** The directory that a path is in; the root is in itself. */
    static String parent(String path) {
        return path.substring(0, Math.max(1, path.lastIndexOf('/')));
    }

    private static void checkPart(String path, String part) {
        if (part.isEmpty()) {
            throw refused(path, "has an empty part: write one '/' between parts and none at the end");
        }
        if (part.equals(".") || part.equals("..")) {
            throw refused(path, "has a part \"" + part + "\": write the path without it");
        }
        int bytes = utf8(path, part).length;
        if (bytes > PART_LIMIT_BYTES) {
            throw refused(path, "has a part of " + bytes + " bytes, and at most " + PART_LIMIT_BYTES + " are allowed");
        }
    }

    private static byte[] utf8(String path, String text) {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            return copy;
        } catch (CharacterCodingException e) {
            IllegalArgumentException refused = refused(path, "has half of a surrogate pair in it");
            refused.initCause(e);
            throw refused;
        }
    }

    private static IllegalArgumentException refused(String path, String why) {
        return new IllegalArgumentException("The path \"" + path + "\" " + why + ".");
    }
}
