package io.uk4j.boot;

/** A file tree cannot be written as it was asked for, or is damaged. The message names the part and what is wrong with it. */
public final class TreeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message the part of the tree, and what is wrong with it
     */
    public TreeException(String message) {
        super(message);
    }
}
