package io.uk4j.maven.image;

/** Is told of each step that is done, and of what takes long. */
public interface Progress {
    /**
     * Something begins that takes long.
     *
     * @param what it is
     */
    void begins(String what);

    /**
     * A step is done.
     *
     * @param what what was done, with its sizes
     */
    void done(String what);
}
