package io.uk4j.maven.image;

/** Is told of each step that is done. */
@FunctionalInterface
public interface Progress {
    /**
     * A step is done.
     *
     * @param what what was done, with its sizes
     */
    void done(String what);
}
