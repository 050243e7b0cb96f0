package io.uk4j.maven;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.uk4j.maven.problem.ProblemCode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** docs/errors.md is made from the code. */
class ErrorsTest {
    @Test
    void theTableIsThatOfTheCode() throws Exception {
        StringBuilder table = new StringBuilder("| code | what it means | what to do |\n|---|---|---|\n");
        for (ProblemCode code : ProblemCode.values()) {
            table.append("| <a id=\"")
                    .append(code.name().toLowerCase(java.util.Locale.ROOT))
                    .append("\"></a>")
                    .append(code)
                    .append(" | ")
                    .append(code.meaning())
                    .append(" | ")
                    .append(code.remedy())
                    .append(" |\n");
        }
        String page = Files.readString(Path.of("../docs/errors.md"));
        assertEquals(
                table.toString(),
                page.substring(page.indexOf("| code |")),
                "The table in docs/errors.md should be this:\n" + table);
    }
}
