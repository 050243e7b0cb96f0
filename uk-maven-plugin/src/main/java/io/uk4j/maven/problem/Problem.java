package io.uk4j.maven.problem;

import java.util.List;

/**
 * What a user can mend. The message has three lines: what and where; what is allowed; what to try.
 *
 * <p>Thread rule: immutable.
 */
public final class Problem extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ProblemCode code;

    @SuppressWarnings("serial") // The list is one that can be.
    private final List<String> lines;

    /**
     * Tells a user what is wrong.
     *
     * @param code the kind
     * @param what what is wrong, and where
     * @param allowed what is allowed, or what was found in its place
     * @param remedy a command or XML that helps
     */
    public Problem(ProblemCode code, String what, String allowed, String remedy) {
        super(what + " [" + code + "]\n" + allowed + "\nTry: " + remedy);
        this.code = code;
        this.lines = List.of(what + " [" + code + ']', allowed, "Try: " + remedy);
    }

    /** The kind. */
    public ProblemCode code() {
        return code;
    }

    /** The three lines of the message. */
    public List<String> lines() {
        return lines;
    }
}
