package io.uk4j.maven;

import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.codehaus.plexus.util.cli.CommandLineUtils;
import org.jspecify.annotations.Nullable;

/** Lists that may be given in the pom, one by one, or on the command line, as one string. */
final class Arguments {
    private Arguments() {}

    /** Those of the pom, and behind them those of the command line. */
    static List<String> of(@Nullable List<String> list, @Nullable String line, String name) {
        List<String> all = new ArrayList<>(list == null ? List.of() : list);
        if (line != null && !line.isBlank()) {
            try {
                all.addAll(Arrays.asList(CommandLineUtils.translateCommandline(line)));
            } catch (Exception e) { // Its signature says no more.
                throw new Problem(
                        ProblemCode.UK103,
                        "uk.image." + name + ": " + line + " cannot be split into words: " + e.getMessage(),
                        "Words are separated by spaces; quotes keep one together, and have to be closed.",
                        "-Duk.image." + name + "=\"-Xss1m -Dname='a value'\"");
            }
        }
        for (String word : all) {
            if (word == null || word.indexOf('\n') >= 0 || word.isEmpty() || word.equals("@boot")) {
                throw new Problem(
                        ProblemCode.UK103,
                        "uk.image." + name + " has a word that an image cannot hold: '" + word + "'.",
                        "A word has at least one character, no line end, and is not @boot.",
                        "a file in the jar in its place");
            }
        }
        return List.copyOf(all);
    }
}
