package io.uk4j.boot;

/**
 * A file or a directory of a sealed tree.
 *
 * <p>Thread rule: immutable.
 *
 * @param path from the root on: {@code "/"}, or parts with a slash before each
 * @param directory whether it is a directory
 * @param permissions the nine bits of {@code rwxrwxrwx}
 * @param modifiedSeconds when it was last modified, in seconds since 1970, UTC
 * @param size bytes of a file; 0 for a directory
 */
public record TreeEntry(String path, boolean directory, int permissions, long modifiedSeconds, long size) {
    /**
     * Checks what a tree can hold.
     *
     * @throws IllegalArgumentException if the path is none of a tree, there are other bits than permissions, or a size cannot be
     */
    public TreeEntry {
        TreePath.encode(path);
        if ((permissions & ~0777) != 0) {
            throw new IllegalArgumentException(path + ": permissions 0" + Integer.toOctalString(permissions)
                    + " have other bits than the nine of 0777: a sealed tree has no set-user-id files.");
        }
        if (size < 0 || (directory && size != 0)) {
            throw new IllegalArgumentException(path + ": a size of " + size + " cannot be.");
        }
    }
}
